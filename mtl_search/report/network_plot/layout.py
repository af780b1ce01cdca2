"""Layout of a network's picture: a lane for each task, a row for each step of the data.

A node that several tasks read is one bar across their lanes, so arrows run straight down and never
cross. For that, the readers of a bar must be neighbours: lanes are ordered by how much a task
shares. A view whose readers are no neighbours is drawn above each of them. Boxes that would overlap
(no policy of this package has such) share their place.

The steps are: rows and lanes of nodes (`grid.Grid`), boxes in slots of this grid, then widths from
left to right and heights from top to bottom, and arrows between the boxes. All lengths are inches;
y grows downwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mtl_search.models.graph import Edge, Graph, Node
from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.grid import Grid, inner_sources, make_grid, view_sources
from mtl_search.report.network_plot.shapes import LINE, PADDING, Arrow, Box, Layout, Tie
from mtl_search.report.network_plot.text import TextVariants

ROW_GAP = 0.30
LABEL_INDENT = 0.06  # from an arrow to its label
_LANE_GAP = 0.16
_BOX_GAP = 0.12  # between two boxes of one slot
_PASSAGE = 0.3  # width of the free space where an arrow passes between boxes
_MIN_BOX = 0.95


@dataclass
class _Slot:
    """Boxes side by side, which fill the lanes `first` to `last` of a row."""

    row: int
    first: int
    last: int
    boxes: list[Box]

    @property
    def min_width(self) -> float:
        """Width that the boxes need."""
        return sum(box.min_width for box in self.boxes) + _BOX_GAP * (len(self.boxes) - 1)


@dataclass(frozen=True)
class _ViewGroup:
    """Views above the nodes that read them.

    Attributes:
        readers: Nodes that are neighbours in one row and read the same views.
        boxes: The boxes of these views.
        passage: Free space beside the boxes for the arrow from another source of the reader; None
            if the readers read views only.
    """

    readers: list[Node]
    boxes: list[Box]
    passage: Box | None


def arrange(graph: Graph, min_width: float = 0.0) -> Layout:
    """Compute the layout of a graph.

    Args:
        graph: The network.
        min_width: Width that the layout fills if it would be narrower.
    """
    grid = make_grid(graph)
    boxes: dict[str, Box] = {}  # of nodes that are no views
    slots: list[_Slot] = []
    for node in graph.nodes:
        if node.kind != "input":
            box = _make_box((node,), text.node_text(node), grid.rows[node.id])
            boxes[node.id] = box
            slots.append(_Slot(box.row, *grid.spans[node.id], [box]))
    groups = [_make_view_group(graph, grid, readers) for readers in _view_readers(graph, grid)]
    slots += [_view_slot(grid, group) for group in groups]
    slots = _merge_overlapping(slots)
    width = _place_across(slots, grid.lanes, _lane_gap(graph), min_width)
    height = _place_down(slots)
    shown = tuple(box for slot in slots for box in slot.boxes if box.variants)
    arrows = (*_view_arrows(boxes, groups), *_node_arrows(graph, boxes, groups))
    return Layout(width, height, shown, arrows, tuple(_ties(graph, grid, boxes)))


# -------------------------------------------------------------------------------------------- boxes


def _make_box(nodes: tuple[Node, ...], variants: TextVariants, row: int) -> Box:
    return Box(nodes, variants, max(_MIN_BOX, text.width(variants[0]) + 2 * PADDING), row)


def _view_readers(graph: Graph, grid: Grid) -> list[list[Node]]:
    """Group the nodes that read views: neighbours that read the same views and nothing else."""
    readers = [node for node in graph.nodes if view_sources(graph, node)]
    readers.sort(key=lambda node: (grid.rows[node.id], grid.spans[node.id]))
    groups: list[list[Node]] = []
    for node in readers:
        if groups and _joins(graph, grid, node, groups[-1]):
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _joins(graph: Graph, grid: Grid, node: Node, group: Sequence[Node]) -> bool:
    same_row = grid.rows[node.id] == grid.rows[group[0].id]
    same_views = view_sources(graph, node) == view_sources(graph, group[0])
    is_neighbour = grid.spans[node.id][0] <= grid.last_lane(group) + 1
    return same_row and same_views and is_neighbour and not inner_sources(graph, node)


def _make_view_group(graph: Graph, grid: Grid, readers: list[Node]) -> _ViewGroup:
    views = tuple(view_sources(graph, readers[0]))
    row = grid.rows[readers[0].id] - 1
    if len(readers) > 1 and len(views) > 1:  # one box for all, so that no arrows cross
        boxes = [_make_box(views, text.views_text(views), row)]
    else:
        boxes = [_make_box((view,), text.node_text(view), row) for view in views]
    passage = Box((), (), _PASSAGE, row) if inner_sources(graph, readers[0]) else None
    return _ViewGroup(readers, boxes, passage)


def _view_slot(grid: Grid, group: _ViewGroup) -> _Slot:
    boxes = list(group.boxes)
    if group.passage is not None:
        boxes.insert(0, group.passage)
    first = grid.spans[group.readers[0].id][0]
    return _Slot(boxes[0].row, first, grid.last_lane(group.readers), boxes)


def _merge_overlapping(slots: Sequence[_Slot]) -> list[_Slot]:
    """Join the slots of one row that have a lane in common."""
    merged: list[_Slot] = []
    for slot in sorted(slots, key=lambda slot: (slot.row, slot.first, slot.last)):
        if merged and merged[-1].row == slot.row and slot.first <= merged[-1].last:
            before = merged[-1]
            before.boxes = [*before.boxes, *slot.boxes]
            before.last = max(before.last, slot.last)
        else:
            merged.append(slot)
    return merged


# ------------------------------------------------------------------------------ sizes and positions


def _lane_gap(graph: Graph) -> float:
    """Return the distance of two lanes, wide enough for the labels of ties."""
    gap = _LANE_GAP
    for node in graph.nodes:
        if node.tied_strength:
            gap = max(gap, text.text_width(_tie_label(node), text.LABEL_POINTS) + 0.16)
    return gap


def _place_across(slots: Sequence[_Slot], lanes: int, gap: float, min_width: float) -> float:
    """Set x and width of all boxes; return the width of the layout."""
    widths = [0.0] * lanes
    # Narrow slots first: a wide one then needs only what its lanes do not have yet.
    for slot in sorted(slots, key=lambda slot: slot.last - slot.first):
        count = slot.last - slot.first + 1
        missing = slot.min_width - sum(widths[slot.first : slot.last + 1]) - gap * (count - 1)
        for lane in range(slot.first, slot.last + 1):
            widths[lane] += max(missing, 0.0) / count
    spare = max(0.0, min_width - sum(widths) - gap * (lanes - 1))
    widths = [width + spare / lanes for width in widths]
    starts = [sum(widths[:lane]) + gap * lane for lane in range(lanes)]
    for slot in slots:
        _spread(slot.boxes, starts[slot.first], starts[slot.last] + widths[slot.last])
    return starts[-1] + widths[-1]


def _spread(boxes: Sequence[Box], left: float, right: float) -> None:
    """Put boxes side by side from `left` to `right`; passages keep their width, the rest grows."""
    growing = sum(box.min_width for box in boxes if box.variants)
    fixed = sum(box.min_width for box in boxes if not box.variants) + _BOX_GAP * (len(boxes) - 1)
    growth = (right - left - fixed) / growing
    for box in boxes:
        box.x = left
        box.width = box.min_width
        if box.variants:
            box.width *= growth
        left += box.width + _BOX_GAP


def _place_down(slots: Sequence[_Slot]) -> float:
    """Set text, y and height of all boxes; return the height of the layout.

    All boxes of a row show the same variant of their text, the widest that fits all of them. A row
    is as high as the most lines in it.
    """
    rows: dict[int, list[Box]] = defaultdict(list)
    for slot in slots:
        rows[slot.row] += slot.boxes
    y = 0.0
    for row in sorted(rows):
        variant = min(box.widest_variant for box in rows[row] if box.variants)
        for box in rows[row]:
            box.lines = box.variants[variant] if box.variants else ()
        height = max(len(box.lines) for box in rows[row]) * LINE + 2 * PADDING
        for box in rows[row]:
            box.y = y
            box.height = height
        y += height + ROW_GAP
    return y - ROW_GAP


# ---------------------------------------------------------------------------------- arrows and ties


def _view_arrows(boxes: Mapping[str, Box], groups: Sequence[_ViewGroup]) -> Iterator[Arrow]:
    views = {node.id: group.boxes for group in groups for node in group.readers}
    for id_, box in boxes.items():
        for view in views.get(id_, ()):
            yield _arrow(view, box)


def _node_arrows(
    graph: Graph, boxes: Mapping[str, Box], groups: Sequence[_ViewGroup]
) -> Iterator[Arrow]:
    passages = {node.id: group.passage for group in groups for node in group.readers}
    for edge in graph.edges:
        if edge.source in boxes:
            target = boxes[edge.target]
            room = (target.width + _LANE_GAP) / 2 - LABEL_INDENT
            label = text.shorten_to_width(_arrow_label(graph, edge), room, text.LABEL_POINTS)
            yield _arrow(boxes[edge.source], target, passages.get(edge.target), label)


def _arrow(source: Box, target: Box, passage: Box | None = None, label: str = "") -> Arrow:
    """Draw an arrow straight down through the passage, or through the narrower of the two boxes.

    It is slanted if that is not between the sides of both boxes.
    """
    narrow = passage or min(source, target, key=lambda box: box.width)
    start, end = source.center, target.center
    if all(box.x <= narrow.center <= box.x + box.width for box in (source, target)):
        start = end = narrow.center
    return Arrow((start, source.y + source.height), (end, target.y), label)


def _arrow_label(graph: Graph, edge: Edge) -> str:
    """Name the views of an edge where views part, or where several leave the backbone."""
    source = graph.by_id[edge.source]
    target = graph.by_id[edge.target]
    part = any(
        other.source == edge.source and set(other.views) != set(source.views)
        for other in graph.edges
    )
    leave = len(edge.views) > 1 and target.kind in ("head", "side_inputs")
    return ", ".join(edge.views) if part or leave else ""


def _ties(graph: Graph, grid: Grid, boxes: Mapping[str, Box]) -> Iterator[Tie]:
    """Tie each node to its neighbour of the same row."""
    rows: dict[int, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        if node.tied_strength:
            rows[grid.rows[node.id]].append(node)
    for nodes in rows.values():
        row = sorted((boxes[node.id] for node in nodes), key=lambda box: box.x)
        for left, right in pairwise(row):
            y = left.y + left.height / 2
            yield Tie(y, left.x + left.width, right.x, _tie_label(nodes[0]))


def _tie_label(node: Node) -> str:
    return f"λ {node.tied_strength:g}"
