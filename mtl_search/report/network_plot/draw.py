"""Drawing of a network's picture, in the manner of Keras' `plot_model`.

Views are at the top, heads at the bottom, and each task has a lane. All lengths are inches.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from mtl_search.config import Config
from mtl_search.errors import ConfigError
from mtl_search.models.graph import Graph, Node
from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.layout import LABEL_INDENT, ROW_GAP, arrange
from mtl_search.report.network_plot.shapes import LINE, Arrow, Box, Layout, Tie

# On a machine's first picture it would log that it builds a list of fonts, at the end of a sweep.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

ENDINGS = (".png", ".svg", ".pdf")

_MARGIN = 0.2
_DPI = 144.0
# Limits of a PNG. A network with more tasks and stages gets a lower resolution.
_MAX_PIXELS = 60e6
_MAX_SIDE = 32_000
_INK, _GREY = "#202124", "#5f6368"
_DASHES = (0, (3, 2))


@dataclass(frozen=True)
class _Style:
    """The look of a class of boxes, and its meaning for the legend."""

    fill: str
    edge: str
    meaning: str


_STYLES = {
    "input": _Style("#f4f4f4", "#8c8c8c", "view of the data"),
    "augment": _Style("#fdf3d0", "#b8962e", "in training only"),
    "all": _Style("#cfe0f3", "#2f6299", "shared by all tasks"),
    "some": _Style("#e6f0f0", "#4f8f8f", "shared by some tasks"),
    "own": _Style("#fce5cd", "#c9772b", "of one task"),
    "column": _Style("#fce5cd", "#c9772b", "column of one task, mixed into all"),
    "mixture": _Style("#dcecd5", "#588a4b", "mixture of the columns"),
    "side_inputs": _Style("#e9def2", "#7f5aa2", "side inputs or spans of one task"),
    "head": _Style("#f6c79b", "#a85a14", "head"),
}


def picture_ending(path: Path) -> str:
    """Return the ending of a picture's file, which says its format.

    Raises:
        ConfigError: The ending is none of `ENDINGS`.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ConfigError(
            "the ending of a picture's file says its format", value=path.name, allowed=ENDINGS
        )
    return ending


def draw(graph: Graph, config: Config, path: Path, trial: str = "") -> None:
    """Write the picture of a network to a file.

    Args:
        graph: The network.
        config: The config that it was built from, for the title.
        path: The file; its ending is one of `ENDINGS`. Its directory is made if there is none.
        trial: Name of the trial, for the title.

    Raises:
        ConfigError: The ending is another one, or the file cannot be written.
    """
    ending = picture_ending(path)
    title = f"{config.name}: {trial}" if trial else config.name
    figure = paint(graph, title, _subtitle(graph, config))
    width, height = figure.get_size_inches()
    dpi = min(_DPI, (_MAX_PIXELS / (width * height)) ** 0.5, _MAX_SIDE / max(width, height))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format=ending[1:], dpi=dpi, facecolor="white", bbox_inches=None)
    except OSError as error:
        raise ConfigError(
            f"cannot write the picture: {error.strerror or error}", value=str(path)
        ) from error


def _subtitle(graph: Graph, config: Config) -> str:
    """Return a line such as `timm resnet50, hard sharing · 99 parameters, 80 of them shared`."""
    backbone = config.model.backbone
    name = backbone.name
    model = backbone.arguments.get("model")  # of timm or transformers
    if model is not None:
        name = f"{name} {Path(str(model)).name}"
    parts = [f"{graph.parameters:,} parameters"]
    parts.append(f"{graph.shared:,} of them shared" if graph.shared else "none of them shared")
    frozen = graph.parameters - graph.trainable
    if frozen:
        parts.append(f"{frozen:,} frozen")
    return f"{name}, {config.model.sharing.name} sharing · {', '.join(parts)}"


def paint(graph: Graph, title: str = "", subtitle: str = "") -> Figure:
    """Draw a network as a figure, which belongs to no window.

    Args:
        graph: The network.
        title: First line above the picture; may be empty.
        subtitle: Second line above the picture; may be empty.
    """
    headings = [(title, 12.0, "bold"), (subtitle, 9.0, "normal")]
    headings = [heading for heading in headings if heading[0]]
    widths = [text.text_width(line, points, bold=w == "bold") for line, points, w in headings]
    layout = arrange(graph, max(widths, default=0.0))
    legend = _legend_rows(_legend(graph, layout), layout.width)
    width = max(layout.width, *(entry.end for row in legend for entry in row))
    top = 0.26 * len(headings) + (0.08 if headings else 0.0)
    bottom = 0.24 * len(legend) + 0.14
    axes = _canvas(width + 2 * _MARGIN, top + layout.height + bottom + 2 * _MARGIN)
    for i, (line, points, weight) in enumerate(headings):
        point = (_MARGIN, _MARGIN + 0.1 + 0.26 * i)
        _write(axes, line, point, points, weight=weight, align="left")
    _paint_layout(axes, graph, layout, _MARGIN, _MARGIN + top)
    _paint_legend(axes, legend, _MARGIN, _MARGIN + top + layout.height + 0.26)
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    return figure


def _canvas(width: float, height: float) -> Axes:
    """Return axes that fill a figure, with a unit of one inch and y growing downwards."""
    axes = Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return axes


def _paint_layout(axes: Axes, graph: Graph, layout: Layout, left: float, top: float) -> None:
    for tie in layout.ties:
        _paint_tie(axes, tie, left, top)
    for arrow in layout.arrows:
        _paint_arrow(axes, arrow, left, top)
    for box in layout.boxes:
        _paint_box(axes, box, _style(box.nodes[0], graph), left, top)


def _paint_box(axes: Axes, box: Box, style: _Style, left: float, top: float) -> None:
    rectangle = (left + box.x, top + box.y, box.width, box.height)
    _paint_rectangle(axes, rectangle, style, frozen=_is_frozen(box.nodes[0]))
    y = top + box.y + box.height / 2 - LINE * (len(box.lines) - 1) / 2
    for i, line in enumerate(box.lines):
        points, weight = (text.TITLE_POINTS, "bold") if line.title else (text.TEXT_POINTS, "normal")
        _write(axes, line.text, (left + box.center, y + LINE * i), points, weight=weight)


def _paint_rectangle(
    axes: Axes, rectangle: tuple[float, float, float, float], style: _Style, *, frozen: bool
) -> None:
    x, y, width, height = rectangle
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.05", facecolor=style.fill,
            edgecolor=style.edge, linewidth=1.1, linestyle="--" if frozen else "-", zorder=3,
        )
    )  # fmt: skip


def _paint_arrow(axes: Axes, arrow: Arrow, left: float, top: float) -> None:
    x, y = left + arrow.start[0], top + arrow.start[1]
    end = (left + arrow.end[0], top + arrow.end[1])
    axes.add_patch(
        FancyArrowPatch(
            (x, y), end, arrowstyle="-|>", mutation_scale=9, linewidth=1.1, color=_GREY,
            shrinkA=0, shrinkB=0.5, zorder=2,
        )
    )  # fmt: skip
    if arrow.label:
        # Just below its tail, where no box is, however long the arrow.
        point = (x + LABEL_INDENT, y + ROW_GAP / 2)
        _write(
            axes, arrow.label, point, text.LABEL_POINTS, align="left", color=_GREY, style="italic"
        )


def _paint_tie(axes: Axes, tie: Tie, left: float, top: float) -> None:
    y = top + tie.y
    _paint_dashes(axes, left + tie.left, left + tie.right, y)
    middle = left + (tie.left + tie.right) / 2
    _write(axes, tie.label, (middle, y - 0.09), text.LABEL_POINTS, color=_GREY)


def _paint_dashes(axes: Axes, left: float, right: float, y: float) -> None:
    axes.plot([left, right], [y, y], color=_INK, linewidth=1.1, linestyle=_DASHES)


def _write(
    axes: Axes,
    line: str,
    point: tuple[float, float],
    points: float,
    *,
    weight: str = "normal",
    align: str = "center",
    color: str = _INK,
    style: str = "normal",
) -> None:
    # matplotlib's types name the styles one by one.
    font = FontProperties(
        family=text.FAMILY,
        size=points,
        weight=weight,
        style=style,  # type: ignore[arg-type]
    )
    axes.text(
        *point,
        line,
        ha=align,
        va="center_baseline",
        color=color,
        fontproperties=font,
        parse_math=False,
        zorder=4,
    )


# ------------------------------------------------------------------------------------------- legend

_SWATCH, _ENTRY_GAP = 0.26, 0.3
_TIE, _FROZEN = "tie", _Style("white", _INK, "frozen")


@dataclass
class _Entry:
    """An entry of the legend: a sample of the box or line that it explains, and the explanation."""

    sample: _Style | str
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


def _style(node: Node, graph: Graph) -> _Style:
    if node.kind != "stage":
        return _STYLES[node.kind]
    if len(node.tasks) == 1:
        return _STYLES["own"]
    if node.column is not None:
        return _STYLES["column"]
    return _STYLES["all" if len(node.tasks) == len(graph.tasks) else "some"]


def _is_frozen(node: Node) -> bool:
    return node.parameters > 0 and not node.trainable


def _legend(graph: Graph, layout: Layout) -> Iterator[_Entry]:
    """List the entries for all that the picture shows."""
    used = {_style(node, graph) for node in graph.nodes}
    for style in _STYLES.values():
        if style in used:
            yield _Entry(style, style.meaning)
    if any(_is_frozen(node) for node in graph.nodes):
        yield _Entry(_FROZEN, _FROZEN.meaning)
    if layout.ties:
        yield _Entry(_TIE, "tied: λ × mean squared distance of the weights")
    passing = max((node.views for node in graph.nodes if node.kind == "stage"), key=len)
    if len(passing) > 1:
        names = text.shorten(", ".join(passing))
        yield _Entry("", f"{names} pass the same weights, one after another")


def _legend_rows(entries: Iterator[_Entry], max_width: float) -> list[list[_Entry]]:
    """Put entries in rows that are no wider than the picture, if each of them fits."""
    rows: list[list[_Entry]] = [[]]
    for entry in entries:
        start = rows[-1][-1].end + _ENTRY_GAP if rows[-1] else 0.0
        if rows[-1] and start + entry.width > max_width:
            rows.append([])
            start = 0.0
        entry.end = start + entry.width
        rows[-1].append(entry)
    return rows


def _paint_legend(axes: Axes, rows: Sequence[Sequence[_Entry]], left: float, top: float) -> None:
    for i, row in enumerate(rows):
        y = top + 0.24 * i
        for entry in row:
            start = left + entry.end - entry.width
            if isinstance(entry.sample, _Style):
                rectangle = (start, y - 0.07, _SWATCH, 0.14)
                _paint_rectangle(axes, rectangle, entry.sample, frozen=entry.sample is _FROZEN)
            elif entry.sample == _TIE:
                _paint_dashes(axes, start, start + _SWATCH, y)
            point = (start + entry.indent, y)
            _write(axes, entry.meaning, point, text.TEXT_POINTS, align="left", color=_GREY)
