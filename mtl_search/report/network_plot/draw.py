"""Drawing of a network's picture, in the manner of Keras' `plot_model`.

Views are at the top, heads at the bottom, and each task has a lane. All lengths are inches.
"""

from __future__ import annotations

import logging
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_search.config import Config
from mtl_search.errors import ConfigError
from mtl_search.models.graph import Graph
from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.canvas import (
    GREY,
    make_canvas,
    paint_arrow,
    paint_dashes,
    paint_rectangle,
    write,
)
from mtl_search.report.network_plot.layout import LABEL_INDENT, ROW_GAP, arrange
from mtl_search.report.network_plot.legend import (
    Style,
    is_frozen,
    legend_rows,
    node_style,
    paint_legend,
)
from mtl_search.report.network_plot.shapes import LINE, Arrow, Box, Layout, Tie

# On a machine's first picture it would log that it builds a list of fonts, at the end of a sweep.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

ENDINGS = (".png", ".svg", ".pdf")

_MARGIN = 0.2
_DPI = 144.0
# Limits of a PNG. A network with more tasks and stages gets a lower resolution.
_MAX_PIXELS = 60e6
_MAX_SIDE = 32_000


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
    legend = legend_rows(graph, layout)
    width = max(layout.width, *(entry.end for row in legend for entry in row))
    top = 0.26 * len(headings) + (0.08 if headings else 0.0)
    bottom = 0.24 * len(legend) + 0.14
    axes = make_canvas(width + 2 * _MARGIN, top + layout.height + bottom + 2 * _MARGIN)
    for i, (line, points, weight) in enumerate(headings):
        point = (_MARGIN, _MARGIN + 0.1 + 0.26 * i)
        write(axes, line, point, points, weight=weight, align="left")
    _paint_layout(axes, graph, layout, _MARGIN, _MARGIN + top)
    paint_legend(axes, legend, _MARGIN, _MARGIN + top + layout.height + 0.26)
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    return figure


def _paint_layout(axes: Axes, graph: Graph, layout: Layout, left: float, top: float) -> None:
    for tie in layout.ties:
        _paint_tie(axes, tie, left, top)
    for arrow in layout.arrows:
        _paint_arrow(axes, arrow, left, top)
    for box in layout.boxes:
        _paint_box(axes, box, node_style(box.nodes[0], graph), left, top)


def _paint_box(axes: Axes, box: Box, style: Style, left: float, top: float) -> None:
    rectangle = (left + box.x, top + box.y, box.width, box.height)
    paint_rectangle(axes, rectangle, style.fill, style.edge, dashed=is_frozen(box.nodes[0]))
    y = top + box.y + box.height / 2 - LINE * (len(box.lines) - 1) / 2
    for i, line in enumerate(box.lines):
        points, weight = (text.TITLE_POINTS, "bold") if line.title else (text.TEXT_POINTS, "normal")
        write(axes, line.text, (left + box.center, y + LINE * i), points, weight=weight)


def _paint_arrow(axes: Axes, arrow: Arrow, left: float, top: float) -> None:
    x, y = left + arrow.start[0], top + arrow.start[1]
    end = (left + arrow.end[0], top + arrow.end[1])
    paint_arrow(axes, (x, y), end)
    if arrow.label:
        # Just below its tail, where no box is, however long the arrow.
        point = (x + LABEL_INDENT, y + ROW_GAP / 2)
        write(axes, arrow.label, point, text.LABEL_POINTS, align="left", color=GREY, style="italic")


def _paint_tie(axes: Axes, tie: Tie, left: float, top: float) -> None:
    y = top + tie.y
    paint_dashes(axes, left + tie.left, left + tie.right, y)
    middle = left + (tie.left + tie.right) / 2
    write(axes, tie.label, (middle, y - 0.09), text.LABEL_POINTS, color=GREY)
