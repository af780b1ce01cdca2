"""The whole network: backbone stages under a sharing policy, then a head for each task.

B samples, T tokens
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from mtl_search.models.augment import Augment
from mtl_search.models.heads import Head
from mtl_search.models.sharing import SharingPolicy
from mtl_search.models.sharing.base import Features
from mtl_search.models.side_inputs import SideInputs
from mtl_search.models.spans import Spans
from mtl_search.models.stage import safe_key

# A module between the features of a task and its head.
Neck = SideInputs | Spans


class MultiTaskNetwork(nn.Module):
    """A network that reads views and gives one output for each task.

    Args:
        sharing: The policy that turns views into features of each task.
        heads: Maps each task to its head.
        target_names: Maps each task to the name of its target in the data set.
        necks: Maps a task to the modules that its features pass before the head, in order. Tasks
            without such modules may be left out.
        augment: Changes images at random in training.

    Attributes:
        heads: Maps each task to its head, in the order of the config. It is a plain dict because a
            task may have any name; the modules are registered under safe names.
        necks: Maps a task to its necks; only tasks that have some are in it.
        views: Maps each task to the views that it reads, in the backbone and as side inputs.
        target_names: Maps each task to the name of its target in the data set.
    """

    __call__: Callable[..., dict[str, Tensor]]
    _modules: dict[str, Any]

    def __init__(
        self,
        sharing: SharingPolicy,
        heads: Mapping[str, Head],
        target_names: Mapping[str, str],
        necks: Mapping[str, Sequence[Neck]] | None = None,
        augment: Augment | None = None,
    ) -> None:
        super().__init__()
        assert list(heads) == list(sharing.views) == list(target_names)
        self.sharing = sharing
        self.heads = dict(heads)
        self.head_modules = nn.ModuleDict({safe_key(task): head for task, head in heads.items()})
        self.augment = augment
        self.necks = {task: list(modules) for task, modules in (necks or {}).items() if modules}
        # The attribute's name is part of the parameters' names in checkpoints and in kept networks.
        # It stays although the modules are called necks: files of all versions load as they are.
        self.between_modules = nn.ModuleDict(
            {safe_key(task): nn.ModuleList(modules) for task, modules in self.necks.items()}
        )
        self.views: dict[str, tuple[str, ...]] = {}
        for task, names in sharing.views.items():
            side_views = [view for neck in self.necks.get(task, ()) for view in neck.views]
            self.views[task] = (*names, *side_views)
        self.target_names = dict(target_names)

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Return the output of each task's head; its meaning depends on the head.

        Args:
            inputs: Maps each view to a tensor (B, ...). Views that no task reads are ignored.
            masks: Maps a view to a (B, T) bool tensor that is True at real tokens. All tokens of
                a view without a mask are real.
        """
        inputs = self.augmented(inputs)
        features = self._modules["sharing"](inputs, masks)  # see `Stage.forward`
        return self.from_features(features, inputs, masks)

    def augmented(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the views, with images changed at random in training if the config says so."""
        if self.augment is None or not self.training:
            return inputs
        return {view: self.augment(x) for view, x in inputs.items()}

    def from_features(
        self,
        features: Features,
        inputs: Mapping[str, Tensor],
        masks: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Return the output of each task's head, from features that the policy has computed.

        Args:
            features: The features of the sharing policy. Those of tasks with necks are replaced
                by what their necks return.
            inputs: Maps each view to a tensor (B, ...), after augmentation.
            masks: Maps a view to a (B, T) bool tensor, as in `forward`.
        """
        for task, necks in self.necks.items():
            for neck in necks:
                features[task] = tuple([neck(x, inputs) for x in features[task]])
        if not masks:
            return {task: head(*features[task]) for task, head in self.heads.items()}
        outputs: dict[str, Tensor] = {}
        for task, head in self.heads.items():
            task_masks = [masks.get(view) for view in self.sharing.views[task]]
            outputs[task] = head(*features[task], masks=task_masks)
        return outputs

    def fit(self, targets: Mapping[str, Tensor]) -> None:
        """Set the scaling and the trivial loss of each head.

        Args:
            targets: Maps each task to its training labels, including the missing ones.
        """
        for task, head in self.heads.items():
            head.fit(targets[task])

    def predict(self, outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Turn outputs of `forward` into probabilities, values or tags."""
        return {task: self.heads[task].predict(output) for task, output in outputs.items()}

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that more than one task reads."""
        return self.sharing.shared_parameters()

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Return the parameters that only this task reads, those of its necks and head included."""
        return [*self.sharing.task_parameters(task), *self.head_parameters(task)]

    def head_parameters(self, task: str) -> list[nn.Parameter]:
        """Return the parameters after the backbone: those of the task's necks and of its head."""
        modules = [*self.necks.get(task, ()), self.heads[task]]
        return [p for module in modules for p in module.parameters()]
