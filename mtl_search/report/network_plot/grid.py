"""The grid of a network's picture: a row for each step of the data, a lane for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtl_search.models.graph import Graph, Node


@dataclass(frozen=True)
class Grid:
    """Rows and lanes, before anything has a size.

    Attributes:
        lanes: Number of lanes.
        rows: Maps the id of each node that is no view to its row; row 0 is for views.
        spans: Maps the id of each node to its first and its last lane.
    """

    lanes: int
    rows: Mapping[str, int]
    spans: Mapping[str, tuple[int, int]]

    def last_lane(self, nodes: Sequence[Node]) -> int:
        """Return the last lane of nodes."""
        return max(self.spans[node.id][1] for node in nodes)


def make_grid(graph: Graph) -> Grid:
    """Put the nodes of a graph in rows and lanes."""
    lanes = _lanes(graph)
    spans: dict[str, tuple[int, int]] = {}
    for node in graph.nodes:
        tasks = (node.column,) if node.column else node.tasks
        positions = sorted(lanes[task] for task in tasks)
        spans[node.id] = positions[0], positions[-1]
    return Grid(len(lanes), _rows(graph), spans)


def _lanes(graph: Graph) -> dict[str, int]:
    """Map each task to its lane, those that share the most stages first."""
    shared = dict.fromkeys(graph.tasks, 0)
    for node in graph.nodes:
        if node.kind == "stage" and len(node.tasks) > 1:
            for task in node.tasks:
                shared[task] += 1
    order = sorted(graph.tasks, key=lambda task: -shared[task])
    return {task: lane for lane, task in enumerate(order)}


def _rows(graph: Graph) -> dict[str, int]:
    """Map each node that is no view to its row: the longest way from the views; heads are last."""
    rows: dict[str, int] = {}
    for node in graph.nodes:
        if node.kind not in ("input", "head"):
            above = max((rows[source.id] for source in inner_sources(graph, node)), default=0)
            # Between side inputs and the stage above them a row is left for their views.
            rows[node.id] = above + (2 if node.kind == "side_inputs" else 1)
    last = max(rows.values()) + 1
    return rows | {node.id: last for node in graph.nodes if node.kind == "head"}


def inner_sources(graph: Graph, node: Node) -> list[Node]:
    """Return the nodes that a node reads, without views."""
    return [source for source in graph.sources(node) if source.kind != "input"]


def view_sources(graph: Graph, node: Node) -> list[Node]:
    """Return the views that a node reads."""
    return [source for source in graph.sources(node) if source.kind == "input"]
