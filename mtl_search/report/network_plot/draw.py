"""The picture of a network, as Keras' `plot_model` draws one: views on top, heads at the bottom, a lane a task."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

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

# It would tell at the end of a sweep, on a machine's first picture, that a list of fonts is being made.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

ENDINGS = (".png", ".svg", ".pdf")

_MARGIN = 0.2
_DPI = 144.0
_MOST_PIXELS = 60e6  # of a PNG; more tasks and stages get a lower resolution
_MOST_SIDE = 32_000
_INK, _GREY = "#202124", "#5f6368"


class _Style(NamedTuple):
    """Of one class of boxes; its meaning is for the legend."""

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
    "side_inputs": _Style("#e9def2", "#7f5aa2", "views read beside one task's features"),
    "head": _Style("#f6c79b", "#a85a14", "head"),
}


def picture_ending(path: Path) -> str:
    """The ending of a picture's file, which says its format.

    Raises:
        ConfigError: Another ending.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ConfigError(
            "the ending of a picture's file says its format", value=path.name, allowed=ENDINGS
        )
    return ending


def draw(graph: Graph, config: Config, path: Path, trial: str = "") -> None:
    """Write the picture of a network.

    Args:
        graph: The network.
        config: What it was built from, for the title.
        path: File; its ending is one of `ENDINGS`. Its folder is made where there is none.
        trial: Whose network it is, for the title.

    Raises:
        ConfigError: Another ending, or the file cannot be written.
    """
    ending = picture_ending(path)
    figure = paint(
        graph, f"{config.name}: {trial}" if trial else config.name, _subtitle(graph, config)
    )
    width, height = figure.get_size_inches()
    dpi = min(_DPI, (_MOST_PIXELS / (width * height)) ** 0.5, _MOST_SIDE / max(width, height))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format=ending[1:], dpi=dpi, facecolor="white", bbox_inches=None)
    except OSError as error:
        raise ConfigError(
            f"cannot write the picture: {error.strerror or error}", value=str(path)
        ) from error


def _subtitle(graph: Graph, config: Config) -> str:
    """`timm resnet50, hard sharing · 23,534,669 parameters, 23,508,032 of them shared`."""
    backbone = config.model.backbone
    model = backbone.arguments.get("model")  # such as those of timm
    name = backbone.name if model is None else f"{backbone.name} {Path(str(model)).name}"
    shared = f"{graph.shared:,} of them shared" if graph.shared else "none of them shared"
    frozen = graph.parameters - graph.trainable
    note = f", {frozen:,} frozen" if frozen else ""
    return f"{name}, {config.model.sharing.name} sharing · {graph.parameters:,} parameters, {shared}{note}"


def paint(graph: Graph, title: str = "", subtitle: str = "") -> Figure:
    """The picture as a figure that no window and no other figure knows of."""
    headings = [(title, 12.0, "bold"), (subtitle, 9.0, "normal")]
    headings = [(words, points, weight) for words, points, weight in headings if words]
    widest = max(
        (text.text_width(w, points, bold=weight == "bold") for w, points, weight in headings),
        default=0.0,
    )
    layout = arrange(graph, widest)
    legend = _legend_rows(graph, layout)
    width = max(layout.width, *(end for row in legend for _, _, end in row))
    top = 0.26 * len(headings) + (0.08 if headings else 0.0)
    bottom = 0.24 * len(legend) + 0.14
    axes = _canvas(width + 2 * _MARGIN, top + layout.height + bottom + 2 * _MARGIN)
    for i, (words, points, weight) in enumerate(headings):
        _write(
            axes, words, (_MARGIN, _MARGIN + 0.1 + 0.26 * i), points, weight=weight, align="left"
        )
    _paint_layout(axes, graph, layout, _MARGIN, _MARGIN + top)
    _paint_legend(axes, legend, _MARGIN, _MARGIN + top + layout.height + 0.26)
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    return figure


def _canvas(width: float, height: float) -> Axes:
    """Axes that fill a figure, an inch a unit, y downwards."""
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
    _patch(
        axes,
        (left + box.x, top + box.y, box.width, box.height),
        style,
        frozen=_frozen(box.nodes[0]),
    )
    lines = box.lines
    y = top + box.y + box.height / 2 - LINE * (len(lines) - 1) / 2
    for i, line in enumerate(lines):
        points, weight = (text.TITLE_POINTS, "bold") if line.title else (text.TEXT_POINTS, "normal")
        _write(axes, line.text, (left + box.middle, y + LINE * i), points, weight=weight)


def _patch(
    axes: Axes, place: tuple[float, float, float, float], style: _Style, *, frozen: bool
) -> None:
    x, y, width, height = place
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.05", facecolor=style.fill,
            edgecolor=style.edge, linewidth=1.1, linestyle="--" if frozen else "-", zorder=3,
        )
    )  # fmt: skip


def _paint_arrow(axes: Axes, arrow: Arrow, left: float, top: float) -> None:
    (x0, y0), (x1, y1) = arrow.start, arrow.end
    axes.add_patch(
        FancyArrowPatch(
            (left + x0, top + y0), (left + x1, top + y1), arrowstyle="-|>", mutation_scale=9, linewidth=1.1,
            color=_GREY, shrinkA=0, shrinkB=0.5, zorder=2,
        )
    )  # fmt: skip
    if arrow.label:
        place = (
            left + x0 + LABEL_INDENT,
            top + y0 + ROW_GAP / 2,
        )  # where no box is, however long the arrow
        _write(
            axes, arrow.label, place, text.LABEL_POINTS, align="left", color=_GREY, style="italic"
        )


def _paint_tie(axes: Axes, tie: Tie, left: float, top: float) -> None:
    axes.plot(
        [left + tie.left, left + tie.right],
        [top + tie.y] * 2,
        color=_INK,
        linewidth=1.1,
        linestyle=(0, (3, 2)),
    )
    place = (left + (tie.left + tie.right) / 2, top + tie.y - 0.09)
    _write(axes, tie.label, place, text.LABEL_POINTS, color=_GREY)


def _write(
    axes: Axes,
    words: str,
    place: tuple[float, float],
    points: float,
    *,
    weight: str = "normal",
    align: str = "center",
    color: str = _INK,
    style: str = "normal",
) -> None:
    font = FontProperties(family=text.FAMILY, size=points, weight=weight, style=style)  # type: ignore[arg-type]
    axes.text(
        *place,
        words,
        ha=align,
        va="center_baseline",
        color=color,
        fontproperties=font,
        parse_math=False,
        zorder=4,
    )


# --------------------------------------------------------------------------------------------------------------- legend

# What it shows, the words, and where it ends.
_Entry = tuple["_Style | str", str, float]
_SWATCH, _ENTRY_GAP = 0.26, 0.3
_TIE, _FROZEN = "tie", _Style("white", _INK, "frozen")


def _style(node: Node, graph: Graph) -> _Style:
    if node.kind != "stage":
        return _STYLES[node.kind]
    if len(node.tasks) == 1:
        return _STYLES["own"]
    if node.column is not None:
        return _STYLES["column"]
    return _STYLES["all" if len(node.tasks) == len(graph.tasks) else "some"]


def _frozen(node: Node) -> bool:
    return node.parameters > 0 and not node.trainable


def _legend_rows(graph: Graph, layout: Layout) -> list[list[_Entry]]:
    """What the picture has, in as many rows as its width needs."""
    used = {_style(node, graph) for node in graph.nodes}
    entries: list[tuple[_Style | str, str]] = [
        (s, s.meaning) for s in _STYLES.values() if s in used
    ]
    if any(_frozen(node) for node in graph.nodes):
        entries.append((_FROZEN, _FROZEN.meaning))
    if layout.ties:
        entries.append((_TIE, "kept alike: λ × mean squared distance of the weights"))
    passing = max((node.views for node in graph.nodes if node.kind == "stage"), key=len)
    if len(passing) > 1:
        entries.append(
            ("", f"{text.shorten(', '.join(passing))} pass the same weights, one after another")
        )
    rows: list[list[_Entry]] = [[]]
    for mark, words in entries:
        start = rows[-1][-1][2] + _ENTRY_GAP if rows[-1] else 0.0
        length = _indent(mark) + text.text_width(words, text.TEXT_POINTS)
        if rows[-1] and start + length > layout.width:
            rows.append([])
            start = 0.0
        rows[-1].append((mark, words, start + length))
    return rows


def _indent(mark: _Style | str) -> float:
    return _SWATCH + 0.07 if mark else 0.0


def _paint_legend(axes: Axes, rows: list[list[_Entry]], left: float, top: float) -> None:
    for i, row in enumerate(rows):
        y = top + 0.24 * i
        for mark, words, end in row:
            x = left + end - text.text_width(words, text.TEXT_POINTS)
            start = x - _indent(mark)
            if isinstance(mark, _Style):
                _patch(axes, (start, y - 0.07, _SWATCH, 0.14), mark, frozen=mark is _FROZEN)
            elif mark == _TIE:
                axes.plot(
                    [start, start + _SWATCH],
                    [y, y],
                    color=_INK,
                    linewidth=1.1,
                    linestyle=(0, (3, 2)),
                )
            _write(axes, words, (x, y), text.TEXT_POINTS, align="left", color=_GREY)
