"""Tracing: the graph of a network, found by running the network once.

Shapes are those of a real forward pass, recorded by hooks, so no layer's shape is worked out here.

B samples, T tokens
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def trace_graph(network: MultiTaskNetwork, data: DataSet | DataSpec) -> Graph:
    """Lift a network to its graph: run it once and return nodes and edges as plain data.

    The run is a forward pass over two samples of zeros in evaluation mode. Hooks record the shapes
    at each module; the sharing policy's `blocks` say which modules are nodes and what they read.

    Args:
        network: The network. Its mode and torch's random state are left as they were.
        data: The data that the network was built for, or their spec.

    Raises:
        ConfigError: The network does not run, or a block of its policy takes no part in the run.

    Examples:
        >>> from mtl_search.config import load_config
        >>> from mtl_search.data.spec import DataSpec
        >>> from mtl_search.models.graph_tracing import trace_graph
        >>> from mtl_search.models.build import build_network
        >>> data = DataSpec.from_json(
        ...     {
        ...         "inputs": {"table": [[4], "float32"]},
        ...         "targets": {"price": ["real", []], "sold": ["binary", ["no", "yes"]]},
        ...         "masks": [],
        ...     }
        ... )
        >>> config = load_config(
        ...     {
        ...         "name": "houses",
        ...         "data": "unused",
        ...         "tasks": {"price": {"head": "regression"}, "sold": {"head": "binary"}},
        ...         "model": {"backbone": {"name": "mlp", "widths": [16]}, "sharing": "hard"},
        ...     }
        ... )
        >>> graph = trace_graph(build_network(config, data), data)
        >>> for node in graph.nodes:
        ...     print(node.id, node.label, node.takes, node.gives, node.parameters)
        view:table table (4,) (4,) 0
        block:0 dense 16 (4,) (16,) 80
        head:price Regression head (16,) () 17
        head:sold Binary head (16,) () 17
    """
    return _GraphBuilder(network, data, _record_shapes(network, data)).build()


class _GraphBuilder:
    """Collects nodes and edges in the order in which data passes."""

    def __init__(
        self, network: MultiTaskNetwork, data: DataSet | DataSpec, shapes: _ShapeRecorder
    ) -> None:
        self.network = network
        self.data = data
        self.shapes = shapes
        self.blocks = network.sharing.blocks()
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def build(self) -> Graph:
        """Return the whole graph."""
        network = self.network
        for view in _distinct(network.views):
            self._add_view(view)
        entry = self._add_augmentation()
        for i, block in enumerate(self.blocks):
            self._add_block(i, block, entry)
        for task in network.heads:
            self._add_head(task, self._add_necks(task))
        parameters = list(network.parameters())
        return Graph(
            tuple(network.heads),
            tuple(self.nodes.values()),
            tuple(self.edges),
            parameters=_size(parameters),
            shared=_size(network.shared_parameters()),
            trainable=_size(p for p in parameters if p.requires_grad),
        )

    def _add_view(self, view: str) -> None:
        shape = tuple(int(size) for size in self.data.inputs[view].shape[1:])
        readers = tuple(task for task, views in self.network.views.items() if view in views)
        self._add(Node(f"view:{view}", "input", view, shape, shape, 0, 0, readers, (view,)), [])

    def _add_augmentation(self) -> str | None:
        """Add a node between views and stages, and return its id; None if nothing is augmented."""
        views = _distinct(self.network.sharing.views)
        shape = self.nodes[f"view:{views[0]}"].gives
        if self.network.augment is None or len(shape) != 3:  # only images are changed
            return None
        label = ", ".join(type(step).__name__ for step in self.network.augment.steps)
        tasks = tuple(self.network.heads)
        node = Node("augment", "augment", label, shape, shape, 0, 0, tasks, views)
        self._add(node, [f"view:{view}" for view in views])
        return node.id

    def _add_block(self, i: int, block: DiagramBlock, entry: str | None) -> None:
        # In the order of the views' nodes, whatever order the policy lists them in.
        inputs = [node.label for node in self.nodes.values() if node.kind == "input"]
        views = tuple(view for view in inputs if view in block.views)
        if block.reads:
            sources = [f"block:{j}" for j in block.reads]
        elif entry:
            sources = [entry]
        else:
            sources = [f"view:{view}" for view in views]
        kind: Kind
        if block.module is None:
            kind = "mixture"
            takes = gives = self.nodes[sources[0]].gives
            weights = list(block.weights)
        else:
            kind = "stage"
            takes, gives = self.shapes.of(block.module, block.label)
            weights = list(block.module.parameters())
        node = Node(
            f"block:{i}", kind, block.label, takes, gives, *_sizes(weights), block.tasks, views,
            block.column, block.tied_strength,
        )  # fmt: skip
        self._add(node, sources)

    def _add_necks(self, task: str) -> str:
        """Add what the features of a task pass before its head; return the id of the last node."""
        blocks = [i for i, block in enumerate(self.blocks) if task in block.tasks]
        source = f"block:{blocks[-1]}"
        for neck in self.network.necks.get(task, ()):
            name = "side_inputs" if isinstance(neck, SideInputs) else "spans"
            label = f"{name.replace('_', ' ')}: {', '.join(neck.views)}"
            node = self._task_node(task, "side_inputs", f"{name}:{task}", neck, label)
            self._add(node, [source, *(f"view:{view}" for view in neck.views)])
            source = node.id
        return source

    def _add_head(self, task: str, source: str) -> None:
        head = self.network.heads[task]
        label = f"{type(head).__name__} head"
        self._add(self._task_node(task, "head", f"head:{task}", head, label), [source])

    def _task_node(self, task: str, kind: Kind, id_: str, module: nn.Module, label: str) -> Node:
        views = self.network.sharing.views[task]
        sizes = _sizes(list(module.parameters()))
        return Node(id_, kind, label, *self.shapes.of(module, label), *sizes, (task,), views)

    def _add(self, node: Node, sources: Sequence[str]) -> None:
        self.nodes[node.id] = node
        for source in sources:
            carried = self.nodes[source].views
            # Side inputs are no views of the task's features, so nothing is left out of theirs.
            views = node.views if set(node.views) & set(carried) else carried
            kept = tuple(view for view in carried if view in views)
            self.edges.append(Edge(source, node.id, kept))


class _ShapeRecorder:
    """Records the shapes at the input and the output of each module that runs."""

    def __init__(self) -> None:
        self._shapes: dict[nn.Module, tuple[Shape, Shape]] = {}

    def of(self, module: nn.Module, label: str) -> tuple[Shape, Shape]:
        """Return the shapes of one sample at the input and the output of a module.

        Raises:
            ConfigError: The module did not run.
        """
        if module not in self._shapes:
            raise ConfigError(
                f"its block {label!r} takes no part in a forward pass", path="model.sharing"
            )
        return self._shapes[module]

    @contextmanager
    def recording(self, network: nn.Module) -> Iterator[None]:
        """Record the modules of a network while the context is open."""

        def record(module: nn.Module, args: Any, output: Any) -> None:
            if args and isinstance(args[0], Tensor) and isinstance(output, Tensor):
                self._shapes[module] = tuple(args[0].shape[1:]), tuple(output.shape[1:])

        hooks = [module.register_forward_hook(record) for module in network.modules()]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def zero_batch(
    network: MultiTaskNetwork, data: DataSet | DataSpec, samples: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return inputs of zeros and masks of ones for a network, of a few samples."""
    device = next(network.parameters()).device
    inputs: dict[str, Tensor] = {}
    masks: dict[str, Tensor] = {}
    for view in _distinct(network.views):
        array = data.inputs[view]
        dtype = getattr(torch, array.dtype.name)
        inputs[view] = torch.zeros(samples, *array.shape[1:], dtype=dtype, device=device)
        if view in data.masks:
            masks[view] = torch.ones(inputs[view].shape[:2], dtype=torch.bool, device=device)
    return inputs, masks


def _record_shapes(network: MultiTaskNetwork, data: DataSet | DataSpec) -> _ShapeRecorder:
    inputs, masks = zero_batch(network, data, _SAMPLES)
    recorder = _ShapeRecorder()
    try:
        with recorder.recording(network), torch.random.fork_rng(devices=[]):
            in_eval_mode(network, lambda: network(inputs, masks))
    except Exception as error:
        raise ConfigError(
            f"this network does not run ({type(error).__name__}: {error})", path="model"
        ) from error
    return recorder


def _distinct(views: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the views that some task reads, each once, in the order of the tasks."""
    return tuple(dict.fromkeys(view for names in views.values() for view in names))


def _size(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _sizes(parameters: Sequence[nn.Parameter]) -> tuple[int, int]:
    """Return the number of parameters, and the number of those that learn."""
    return _size(parameters), _size(p for p in parameters if p.requires_grad)
