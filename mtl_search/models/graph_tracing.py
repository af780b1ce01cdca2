"""The graph of a network, found by running it once.

Shapes are those of a real forward pass, noted by hooks; none is worked out a second time.

B samples
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mtl_search.data.dataset import DataSet
from mtl_search.data.spec import DataSpec
from mtl_search.errors import ConfigError
from mtl_search.models.backbones.partition import in_eval_mode
from mtl_search.models.graph import Edge, Graph, Kind, Node, Shape
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.sharing import DiagramBlock
from mtl_search.models.side_inputs import SideInputs

_SAMPLES = 2


def describe(network: MultiTaskNetwork, data: DataSet | DataSpec) -> Graph:
    """The graph of a network, by running it once on two samples of zeros, in evaluation mode.

    Args:
        network: Left as it was, its mode and torch's random state included.
        data: What it was built for.

    Raises:
        ConfigError: The network does not run.
    """
    shapes = _run(network, data)
    return _Builder(network, data, shapes).graph()


class _Builder:
    """Collects nodes and edges in the order in which data passes."""

    def __init__(
        self, network: MultiTaskNetwork, data: DataSet | DataSpec, shapes: _Shapes
    ) -> None:
        self.network, self.data, self.shapes = network, data, shapes
        self.blocks = network.sharing.blocks()
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def graph(self) -> Graph:
        network = self.network
        for view in dict.fromkeys(view for views in network.views.values() for view in views):
            self._input(view)
        entry = self._augment()
        for i, block in enumerate(self.blocks):
            self._block(i, block, entry)
        for task in network.heads:
            self._head(task)
        parameters = list(network.parameters())
        return Graph(
            tuple(network.heads),
            tuple(self.nodes.values()),
            tuple(self.edges),
            parameters=_size(parameters),
            shared=_size(network.shared_parameters()),
            trainable=_size(p for p in parameters if p.requires_grad),
        )

    def _input(self, view: str) -> None:
        shape = tuple(int(size) for size in self.data.inputs[view].shape[1:])
        readers = tuple(task for task, views in self.network.views.items() if view in views)
        self._add(Node(f"view:{view}", "input", view, shape, shape, 0, 0, readers, (view,)), [])

    def _augment(self) -> str | None:
        """The id of what stands between views and stages, if anything does: only images are changed."""
        views = tuple(
            dict.fromkeys(view for views in self.network.sharing.views.values() for view in views)
        )
        shape = self.nodes[f"view:{views[0]}"].gives
        if self.network.augment is None or len(shape) != 3:
            return None
        label = ", ".join(type(step).__name__ for step in self.network.augment.steps)
        node = Node(
            "augment", "augment", label, shape, shape, 0, 0, tuple(self.network.heads), views
        )
        self._add(node, [f"view:{view}" for view in views])
        return node.id

    def _block(self, i: int, block: DiagramBlock, entry: str | None) -> None:
        views = tuple(
            node.label
            for node in self.nodes.values()
            if node.kind == "input" and node.label in block.views
        )
        sources = [f"block:{j}" for j in block.reads] or (
            [entry] if entry else [f"view:{view}" for view in views]
        )
        before = self.nodes[sources[0]].gives
        takes, gives = (
            (before, before) if block.module is None else self.shapes.of(block.module, block.label)
        )
        weights = list(block.weights if block.module is None else block.module.parameters())
        kind: Kind = "mixture" if block.module is None else "stage"
        node = Node(
            f"block:{i}", kind, block.label, takes, gives, *_sizes(weights), block.tasks, views,
            block.column, block.tied_strength,
        )  # fmt: skip
        self._add(node, sources)

    def _head(self, task: str) -> None:
        """The head, and before it what its features pass."""
        head = self.network.heads[task]
        source = next(
            f"block:{i}" for i in reversed(range(len(self.blocks))) if task in self.blocks[i].tasks
        )
        for module in self.network.between.get(task, ()):
            name = "side_inputs" if isinstance(module, SideInputs) else "spans"
            node = self._of_task(
                task,
                "side_inputs",
                name,
                module,
                f"{name.replace('_', ' ')}: {', '.join(module.views)}",
            )
            self._add(node, [source, *(f"view:{view}" for view in module.views)])
            source = node.id
        self._add(
            self._of_task(task, "head", "head", head, f"{type(head).__name__} head"), [source]
        )

    def _of_task(self, task: str, kind: Kind, name: str, module: nn.Module, label: str) -> Node:
        views, sizes = self.network.sharing.views[task], _sizes(list(module.parameters()))
        return Node(
            f"{name}:{task}", kind, label, *self.shapes.of(module, label), *sizes, (task,), views
        )

    def _add(self, node: Node, sources: Sequence[str]) -> None:
        self.nodes[node.id] = node
        for source in sources:
            carried = self.nodes[source].views
            views = node.views if set(node.views) & set(carried) else carried
            self.edges.append(
                Edge(source, node.id, tuple(view for view in carried if view in views))
            )


class _Shapes:
    """What goes into and out of every module, as hooks have seen it."""

    def __init__(self) -> None:
        self._seen: dict[nn.Module, tuple[Shape, Shape]] = {}

    def of(self, module: nn.Module, label: str) -> tuple[Shape, Shape]:
        """Shapes of a sample that comes in and that leaves.

        Raises:
            ConfigError: It did not run.
        """
        if module not in self._seen:
            raise ConfigError(
                f"its block {label!r} takes no part in a forward pass", path="model.sharing"
            )
        return self._seen[module]

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        """Note what runs."""

        def note(module: nn.Module, args: Any, output: Any) -> None:
            if args and isinstance(args[0], Tensor) and isinstance(output, Tensor):
                self._seen[module] = tuple(args[0].shape[1:]), tuple(output.shape[1:])

        hooks = [module.register_forward_hook(note) for module in network.modules()]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def _run(network: MultiTaskNetwork, data: DataSet | DataSpec) -> _Shapes:
    device = next(network.parameters()).device
    views = dict.fromkeys(view for views in network.views.values() for view in views)
    arrays = {view: data.inputs[view] for view in views}
    inputs = {
        view: torch.zeros(_SAMPLES, *x.shape[1:], dtype=getattr(torch, x.dtype.name), device=device)
        for view, x in arrays.items()
    }
    masks = {
        view: torch.ones(x.shape[:2], dtype=torch.bool, device=device)
        for view, x in inputs.items() if view in data.masks
    }  # fmt: skip
    shapes = _Shapes()
    try:
        with shapes.watching(network), torch.random.fork_rng(devices=[]):
            in_eval_mode(network, lambda: network(inputs, masks))
    except Exception as error:
        raise ConfigError(
            f"this network does not run ({type(error).__name__}: {error})", path="model"
        ) from error
    return shapes


def _size(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _sizes(parameters: Sequence[nn.Parameter]) -> tuple[int, int]:
    """How many numbers, and how many of them learn."""
    return _size(parameters), _size(p for p in parameters if p.requires_grad)
