"""The part of a network that some of its tasks need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from mtl_search.models.heads import Head
from mtl_search.models.heads.crf import Crf
from mtl_search.models.network import MultiTaskNetwork, Neck
from mtl_search.models.stage import safe_key


class TaskNetwork(nn.Module):
    """A network's prediction of some tasks, without the parts that only other tasks read.

    Args:
        network: The trained network, whose modules are used and not copied.
        tasks: The tasks.

    Attributes:
        tasks: The tasks.
        views: The views that are read.
        masked: Those of them that pass the backbone, so that a mask of theirs is read, too.

    Examples:
        >>> import torch
        >>> from mtl_search.config import load_config
        >>> from mtl_search.data.spec import DataSpec
        >>> from mtl_search.models.build import build_network
        >>> targets = {"price": ["real", []], "sold": ["binary", ["no", "yes"]]}
        >>> spec = {"inputs": {"x": [[4], "float32"]}, "targets": targets, "masks": []}
        >>> tasks = {"price": {"head": "regression"}, "sold": {"head": "binary"}}
        >>> model = {"backbone": "mlp", "sharing": {"name": "hard", "depth": 0}}
        >>> config = load_config({"name": "a", "data": "unused", "tasks": tasks, "model": model})
        >>> network = build_network(config, DataSpec.from_json(spec))
        >>> part = TaskNetwork(network, ["sold"])
        >>> list(part.predictions({"x": torch.zeros(3, 4)}, {}))
        ['sold']
        >>> count = lambda module: sum(p.numel() for p in module.parameters())
        >>> count(part) < count(network) / 2 + 1
        True
    """

    def __init__(self, network: MultiTaskNetwork, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.sharing = network.sharing.extract(self.tasks)
        self.heads: dict[str, Head] = {task: network.heads[task] for task in self.tasks}
        self.necks: dict[str, list[Neck]] = {t: network.necks.get(t, []) for t in self.tasks}
        # Registered, so that parameters are found and moved.
        self.head_modules = nn.ModuleDict({safe_key(t): head for t, head in self.heads.items()})
        self.neck_modules = nn.ModuleDict(
            {safe_key(t): nn.ModuleList(necks) for t, necks in self.necks.items() if necks}
        )
        self.masked = tuple(dict.fromkeys(v for vs in self.sharing.views.values() for v in vs))
        sides = [view for necks in self.necks.values() for neck in necks for view in neck.views]
        self.views = tuple(dict.fromkeys([*self.masked, *sides]))

    def predictions(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return what each head predicts; of a CRF, whose search is no graph, the emissions.

        Args:
            inputs: View → (B, ...).
            masks: View → (B, T) bool, True at real tokens.
        """
        features = self.sharing(inputs, masks)
        predictions = {}
        for task, head in self.heads.items():
            parts = features[task]
            for neck in self.necks[task]:
                parts = tuple([neck(x, inputs) for x in parts])
            given = [masks.get(view) for view in self.sharing.views[task]] if masks else []
            output = head(*parts, masks=given)
            predictions[task] = output if isinstance(head, Crf) else head.predict(output)
        return predictions
