"""Cut a module whose `forward` does more than call its children, by the graph that torch traces.

It may be cut wherever a single tensor goes on, so that `relu(self.a(x))` is one stage and a
residual connection stays in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import fx, nn

from mtl_search.models.backbones.partition import Part, PartitionError


class _Tracer(fx.Tracer):
    """Trace the outermost module alone: its children stay whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return whether a module is not looked into."""
        return True


def traced_parts(module: nn.Module) -> list[Part]:
    """Return modules that compute, one after the other, what a module computes.

    Args:
        module: The module, which takes one tensor.

    Raises:
        PartitionError: torch cannot trace it, it does something else in training than in evaluation
            outside of its children, or two parts would have the same weights.
    """
    graph = _traced(module, training=False)
    if str(graph) != str(_traced(module, training=True)):
        # Such as dropout by a function, which a part would leave out.
        raise PartitionError("its `forward` reads `self.training`")
    nodes = [node for node in graph.nodes if node.op not in ("placeholder", "output")]
    inputs = [node for node in graph.nodes if node.op == "placeholder" and node.users]
    if len(inputs) != 1 or not nodes:
        raise PartitionError("its `forward` takes more than one tensor")
    segments = _segments(nodes, inputs[0])
    weights = [_weights(module, segment) for segment in segments]
    if sum(map(len, weights)) > len(set().union(*weights)):
        raise PartitionError("its parts have weights in common")
    parts = []
    entry: fx.Node = inputs[0]
    for segment in segments:
        name = next((str(node.target) for node in segment if node.op == "call_module"), "step")
        parts.append((name, _part(module, segment, entry)))
        entry = segment[-1]
    return parts


def _traced(module: nn.Module, *, training: bool) -> fx.Graph:
    was_training = module.training
    module.training = training  # of itself alone: its children are not looked into
    try:
        return _Tracer().trace(module)
    except Exception as error:  # tracing runs the user's code on stand-ins
        raise PartitionError("its `forward` cannot be traced") from error
    finally:
        module.training = was_training


def _weights(module: nn.Module, segment: Sequence[fx.Node]) -> set[str]:
    """Return the names of the parameters and buffers that a segment reads."""
    state = [name for name, _ in (*module.named_parameters(), *module.named_buffers())]
    targets = [str(node.target) for node in segment if node.op in ("call_module", "get_attr")]
    return {name for name in state for t in targets if name == t or name.startswith(f"{t}.")}


def _segments(nodes: Sequence[fx.Node], entry: fx.Node) -> list[list[fx.Node]]:
    """Cut after each node beyond which nothing but its own value is read."""
    position = {node: number for number, node in enumerate(nodes)}
    segments: list[list[fx.Node]] = [[]]
    reach = _last_use(entry, position)  # up to where the values before a node are read
    for number, node in enumerate(nodes):
        segments[-1].append(node)
        if reach <= number and number + 1 < len(nodes):
            segments.append([])
        reach = max(reach, _last_use(node, position))
    return segments


def _last_use(node: fx.Node, position: Mapping[fx.Node, int]) -> int:
    return max((position.get(user, len(position)) for user in node.users), default=0)


def _part(module: nn.Module, segment: Sequence[fx.Node], entry: fx.Node) -> nn.Module:
    first = segment[0]
    if len(segment) == 1 and first.op == "call_module" and first.args == (entry,):
        return module.get_submodule(str(first.target))
    graph = fx.Graph()
    copies = {entry: graph.placeholder("x")}
    for node in segment:
        copies[node] = graph.node_copy(node, lambda other: copies[other])
    graph.output(copies[segment[-1]])
    return fx.GraphModule(module, graph)
