"""The legend of a network's picture: the look of each class of boxes, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from mtl_search.models.graph import Graph, Node
from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.canvas import GREY, INK, paint_dashes, paint_rectangle, write
from mtl_search.report.network_plot.shapes import Layout


@dataclass(frozen=True)
class Style:
    """The look of a class of boxes, and its meaning for the legend."""

    fill: str
    edge: str
    meaning: str


_STYLES = {
    "input": Style("#f4f4f4", "#8c8c8c", "view of the data"),
    "augment": Style("#fdf3d0", "#b8962e", "in training only"),
    "all": Style("#cfe0f3", "#2f6299", "shared by all tasks"),
    "some": Style("#e6f0f0", "#4f8f8f", "shared by some tasks"),
    "own": Style("#fce5cd", "#c9772b", "of one task"),
    "column": Style("#fce5cd", "#c9772b", "column of one task, mixed into all"),
    "mixture": Style("#dcecd5", "#588a4b", "mixture of the columns"),
    "side_inputs": Style("#e9def2", "#7f5aa2", "side inputs or spans of one task"),
    "head": Style("#f6c79b", "#a85a14", "head"),
}

_TIE = "tie"
_FROZEN = Style("white", INK, "frozen")
_SWATCH = 0.26  # width of a sample
_ENTRY_GAP = 0.3


@dataclass
class Entry:
    """An entry of the legend: a sample of the box or line that it explains, and the explanation."""

    sample: Style | str
    meaning: str
    end: float = 0.0  # its right side

    @property
    def indent(self) -> float:
        """Width of the sample with the space after it."""
        return _SWATCH + 0.07 if self.sample else 0.0

    @property
    def width(self) -> float:
        """Width of the whole entry."""
        return self.indent + text.text_width(self.meaning, text.TEXT_POINTS)


def node_style(node: Node, graph: Graph) -> Style:
    """Return the look of a node's box."""
    if node.kind != "stage":
        return _STYLES[node.kind]
    if len(node.tasks) == 1:
        return _STYLES["own"]
    if node.column is not None:
        return _STYLES["column"]
    return _STYLES["all" if len(node.tasks) == len(graph.tasks) else "some"]


def is_frozen(node: Node) -> bool:
    """Return whether none of a node's parameters learns."""
    return node.parameters > 0 and not node.trainable


def _entries(graph: Graph, layout: Layout) -> Iterator[Entry]:
    """List the entries for all that the picture shows."""
    used = {node_style(node, graph) for node in graph.nodes}
    for style in _STYLES.values():
        if style in used:
            yield Entry(style, style.meaning)
    if any(is_frozen(node) for node in graph.nodes):
        yield Entry(_FROZEN, _FROZEN.meaning)
    if layout.ties:
        yield Entry(_TIE, "tied: λ × mean squared distance of the weights")
    passing = max((node.views for node in graph.nodes if node.kind == "stage"), key=len)
    if len(passing) > 1:
        names = text.shorten(", ".join(passing))
        yield Entry("", f"{names} pass the same weights, one after another")


def legend_rows(graph: Graph, layout: Layout) -> list[list[Entry]]:
    """Put the entries in rows that are no wider than the picture, if each of them fits."""
    rows: list[list[Entry]] = [[]]
    for entry in _entries(graph, layout):
        start = rows[-1][-1].end + _ENTRY_GAP if rows[-1] else 0.0
        if rows[-1] and start + entry.width > layout.width:
            rows.append([])
            start = 0.0
        entry.end = start + entry.width
        rows[-1].append(entry)
    return rows


def paint_legend(axes: Axes, rows: Sequence[Sequence[Entry]], left: float, top: float) -> None:
    """Paint the rows, from the middle of the first line's left side."""
    for i, row in enumerate(rows):
        y = top + 0.24 * i
        for entry in row:
            start = left + entry.end - entry.width
            if isinstance(entry.sample, Style):
                rectangle = (start, y - 0.07, _SWATCH, 0.14)
                look = entry.sample
                paint_rectangle(axes, rectangle, look.fill, look.edge, dashed=look is _FROZEN)
            elif entry.sample == _TIE:
                paint_dashes(axes, start, start + _SWATCH, y)
            point = (start + entry.indent, y)
            write(axes, entry.meaning, point, text.TEXT_POINTS, align="left", color=GREY)
