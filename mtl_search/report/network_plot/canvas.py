"""The canvas of a network's picture, and what is painted on it piece by piece, in inches."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from mtl_search.report.network_plot import text

INK = "#202124"
GREY = "#5f6368"
_DASHES = (0, (3, 2))


def make_canvas(width: float, height: float) -> Axes:
    """Return axes that fill a figure, with a unit of one inch and y growing downwards."""
    axes = Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return axes


def paint_rectangle(
    axes: Axes,
    rectangle: tuple[float, float, float, float],
    fill: str,
    edge: str,
    *,
    dashed: bool = False,
) -> None:
    """Paint a rectangle with round corners.

    Args:
        axes: The canvas.
        rectangle: x and y of its upper left corner, width and height.
        fill: Colour of its inside.
        edge: Colour of its border.
        dashed: Whether its border is dashed.
    """
    x, y, width, height = rectangle
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.05", facecolor=fill,
            edgecolor=edge, linewidth=1.1, linestyle="--" if dashed else "-", zorder=3,
        )
    )  # fmt: skip


def paint_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Paint a grey arrow from a point to another."""
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, linewidth=1.1, color=GREY,
            shrinkA=0, shrinkB=0.5, zorder=2,
        )
    )  # fmt: skip


def paint_dashes(axes: Axes, left: float, right: float, y: float) -> None:
    """Paint a dashed line from left to right."""
    axes.plot([left, right], [y, y], color=INK, linewidth=1.1, linestyle=_DASHES)


def write(
    axes: Axes,
    line: str,
    point: tuple[float, float],
    points: float,
    *,
    weight: str = "normal",
    align: str = "center",
    color: str = INK,
    style: str = "normal",
) -> None:
    """Write a line of text.

    Args:
        axes: The canvas.
        line: The text.
        point: x and y of the text's middle, or of the middle of its left side.
        points: Size of the font.
        weight: `normal` or `bold`.
        align: `center` or `left`.
        color: Colour of the text.
        style: `normal` or `italic`.
    """
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
