"""Where everything stands in a network's picture: a lane a task, a row a depth.

What several tasks read is one bar across their lanes, so that arrows run straight down and never cross. That needs the
readers of a bar to be neighbours: lanes are ordered by how much a task shares. A view that is read in lanes that are no
neighbours is drawn in each. Boxes that would lie upon each other, as no policy of ours has them, share their place.

All lengths are inches; y grows downwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mtl_search.models.graph import Edge, Graph, Node
from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.shapes import LINE, PADDING, Arrow, Box, Layout, Tie
from mtl_search.report.network_plot.text import TextVariants

ROW_GAP, LABEL_INDENT, _LANE_GAP, _BOX_GAP = 0.30, 0.06, 0.16, 0.12
_PASSAGE = 0.3  # width left free for an arrow that passes between boxes
_LEAST = 0.95  # width of a box


@dataclass
class _Slot:
    """Boxes beside each other across the lanes `first` to `last` of a row."""

    row: int
    first: int
    last: int
    boxes: list[Box]

    @property
    def least(self) -> float:
        return sum(box.least for box in self.boxes) + _BOX_GAP * (len(self.boxes) - 1)


def arrange(graph: Graph, least: float = 0.0) -> Layout:
    """The layout of a graph.

    Args:
        graph: The network.
        least: Width that it fills, where it would be narrower.
    """
    return _Arranger(graph, least).layout()


@dataclass
class _Arranger:
    """The steps of `arrange`, each with what the next one needs."""

    graph: Graph
    width: float
    rows: dict[str, int] = field(default_factory=dict)
    slots: list[_Slot] = field(default_factory=list)
    box_of: dict[str, Box] = field(default_factory=dict)  # node that is no view → its box
    views_of: dict[str, list[Box]] = field(
        default_factory=dict
    )  # node that reads views → their boxes
    passage_of: dict[str, Box] = field(
        default_factory=dict
    )  # node beside views → where its other source passes

    def __post_init__(self) -> None:
        shared = {
            task: sum(
                task in node.tasks and len(node.tasks) > 1
                for node in self.graph.nodes
                if node.kind == "stage"
            )
            for task in self.graph.tasks
        }
        self.lanes = {
            task: i
            for i, task in enumerate(sorted(self.graph.tasks, key=lambda task: -shared[task]))
        }

    def layout(self) -> Layout:
        self._choose_rows()
        self._fill_slots()
        self._fill_views()
        self.slots = _merged(self.slots)
        width = self._place_across()
        height = self._place_down()
        boxes = tuple(box for slot in self.slots for box in slot.boxes if box.variants)
        return Layout(width, height, boxes, tuple(self._arrows()), tuple(self._ties()))

    # ---------------------------------------------------------------- rows, and what stands in them

    def _choose_rows(self) -> None:
        """The longest way from the views, which are in row 0; heads together in the last."""
        for node in self.graph.nodes:
            if node.kind not in ("input", "head"):
                before = [self.rows[source.id] for source in self._read(node)]
                # What stands beside views leaves them a row of their own.
                self.rows[node.id] = max(before, default=0) + (
                    2 if node.kind == "side_inputs" else 1
                )
        last = max(self.rows.values()) + 1
        self.rows |= {node.id: last for node in self.graph.nodes if node.kind == "head"}

    def _read(self, node: Node) -> list[Node]:
        return [source for source in self.graph.sources(node) if source.kind != "input"]

    def _views(self, node: Node) -> list[Node]:
        return [source for source in self.graph.sources(node) if source.kind == "input"]

    def _fill_slots(self) -> None:
        for node in self.graph.nodes:
            if node.kind == "input":
                continue
            box = self.box_of[node.id] = self._box(
                (node,), text.node_text(node), self.rows[node.id]
            )
            self.slots.append(_Slot(box.row, *self._span(node), [box]))

    def _span(self, node: Node) -> tuple[int, int]:
        lanes = [self.lanes[task] for task in ((node.column,) if node.column else node.tasks)]
        return min(lanes), max(lanes)

    @staticmethod
    def _box(nodes: tuple[Node, ...], variants: TextVariants, row: int) -> Box:
        return Box(nodes, variants, max(_LEAST, text.width(variants[0]) + 2 * PADDING), row)

    def _fill_views(self) -> None:
        """Boxes of the views above those that read them; neighbours that read the same have them together."""
        readers = [node for node in self.graph.nodes if self._views(node)]
        for group in self._neighbours(readers):
            row, first, last = (
                self.rows[group[0].id] - 1,
                self._span(group[0])[0],
                self._last(group),
            )
            views = tuple(self._views(group[0]))
            if len(group) > 1 and len(views) > 1:
                boxes = [self._box(views, text.views_text(views), row)]
            else:
                boxes = [self._box((view,), text.node_text(view), row) for view in views]
            self.views_of |= dict.fromkeys((node.id for node in group), boxes)
            slot = _Slot(row, first, last, boxes)
            if self._read(group[0]):
                passage = self.passage_of[group[0].id] = Box((), (), _PASSAGE, row)
                slot.boxes = [passage, *boxes]
            self.slots.append(slot)

    def _neighbours(self, readers: Iterable[Node]) -> list[list[Node]]:
        """Those that stand beside each other and read the same views, and nothing else, together."""
        groups: list[list[Node]] = []
        for node in sorted(readers, key=lambda node: (self.rows[node.id], self._span(node))):
            group = groups[-1] if groups else []
            alike = group and not self._read(node) and self._views(node) == self._views(group[0])
            if (
                alike
                and self.rows[node.id] == self.rows[group[0].id]
                and self._span(node)[0] <= self._last(group) + 1
            ):
                group.append(node)
            else:
                groups.append([node])
        return groups

    def _last(self, nodes: Iterable[Node]) -> int:
        return max(self._span(node)[1] for node in nodes)

    # ---------------------------------------------------------------- sizes and places

    def _place_across(self) -> float:
        """Lanes as wide as what they hold; returns the whole width."""
        gap = max(
            [
                _LANE_GAP,
                *(text.text_width(_strength(n), text.LABEL_POINTS) + 0.16 for n in self._alike()),
            ]
        )
        lanes = [0.0] * len(self.lanes)
        for slot in sorted(self.slots, key=lambda slot: slot.last - slot.first):
            count = slot.last - slot.first + 1
            missing = slot.least - sum(lanes[slot.first : slot.last + 1]) - gap * (count - 1)
            for lane in range(slot.first, slot.last + 1):
                lanes[lane] += max(missing, 0.0) / count
        spare = max(0.0, self.width - sum(lanes) - gap * (len(lanes) - 1))
        lanes = [lane + spare / len(lanes) for lane in lanes]
        starts = [sum(lanes[:i]) + gap * i for i in range(len(lanes))]
        for slot in self.slots:
            _spread(slot.boxes, starts[slot.first], starts[slot.last] + lanes[slot.last])
        return starts[-1] + lanes[-1]

    def _place_down(self) -> float:
        """Rows as high as the most lines that they hold, alike in form; returns the whole height."""
        boxes: dict[int, list[Box]] = defaultdict(list)
        for slot in self.slots:
            boxes[slot.row] += slot.boxes
        y = 0.0
        for row in sorted(boxes):
            form = min(box.widest for box in boxes[row] if box.variants)
            for box in boxes[row]:
                box.lines = box.variants[form] if box.variants else ()
            height = max(len(box.lines) for box in boxes[row]) * LINE + 2 * PADDING
            for box in boxes[row]:
                box.y, box.height = y, height
            y += height + ROW_GAP
        return y - ROW_GAP

    # ---------------------------------------------------------------- what is drawn between boxes

    def _arrows(self) -> Iterable[Arrow]:
        for id_, target in self.box_of.items():
            for view in self.views_of.get(id_, []):
                yield _arrow(view, target)
        for edge in self.graph.edges:
            if edge.source in self.box_of:
                way = self.passage_of.get(edge.target)
                target = self.box_of[edge.target]
                yield _arrow(
                    self.box_of[edge.source],
                    target,
                    way,
                    self._label(edge, (target.width + _LANE_GAP) / 2 - LABEL_INDENT),
                )

    def _label(self, edge: Edge, room: float) -> str:
        """The views that an arrow carries, where they part, or where several leave the backbone."""
        source, target = self.graph.by_id[edge.source], self.graph.by_id[edge.target]
        part = any(
            set(e.views) != set(source.views) for e in self.graph.edges if e.source == edge.source
        )
        leave = len(edge.views) > 1 and target.kind in ("head", "side_inputs")
        return (
            text.shorten_to_width(", ".join(edge.views), room, text.LABEL_POINTS)
            if part or leave
            else ""
        )

    def _alike(self) -> list[Node]:
        return [node for node in self.graph.nodes if node.tied_strength]

    def _ties(self) -> Iterable[Tie]:
        by_row: dict[int, list[Node]] = defaultdict(list)
        for node in self._alike():
            by_row[self.rows[node.id]].append(node)
        for nodes in by_row.values():
            boxes = sorted((self.box_of[node.id] for node in nodes), key=lambda box: box.x)
            for left, right in pairwise(boxes):
                yield Tie(
                    left.y + left.height / 2, left.x + left.width, right.x, _strength(nodes[0])
                )


def _strength(node: Node) -> str:
    return f"λ {node.tied_strength:g}"


def _merged(slots: Sequence[_Slot]) -> list[_Slot]:
    """Slots of one row that would overlap, as one."""
    merged: list[_Slot] = []
    for slot in sorted(slots, key=lambda slot: (slot.row, slot.first, slot.last)):
        before = merged[-1] if merged else None
        if before is not None and before.row == slot.row and slot.first <= before.last:
            before.boxes += slot.boxes
            before.last = max(before.last, slot.last)
        else:
            merged.append(slot)
    return merged


def _spread(boxes: Sequence[Box], left: float, right: float) -> None:
    """Boxes beside each other from `left` to `right`; free space keeps its width, the rest grows alike."""
    least = sum(box.least for box in boxes if box.variants)
    fixed = sum(box.least for box in boxes if not box.variants) + _BOX_GAP * (len(boxes) - 1)
    growth = (right - left - fixed) / least
    for box in boxes:
        box.x, box.width = left, box.least * (growth if box.variants else 1.0)
        left += box.width + _BOX_GAP


def _arrow(source: Box, target: Box, way: Box | None = None, label: str = "") -> Arrow:
    """Straight down in the middle of the narrower box, or of what leaves it room; aslant where none lies below."""
    start, end = source.y + source.height, target.y
    narrow = way or min(source, target, key=lambda box: box.width)
    if all(box.x <= narrow.middle <= box.x + box.width for box in (source, target)):
        return Arrow((narrow.middle, start), (narrow.middle, end), label)
    return Arrow((source.middle, start), (target.middle, end), label)
