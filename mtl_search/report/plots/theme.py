"""What all figures have in common: colours, marks and margins.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which colour-blind people
can tell apart; marks and dashes differ beside them. Backgrounds are transparent, and text and lines
are of a grey that can be read on white and on black, so that a page may have either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

GREY, BLUE, ORANGE = "#7f7f7f", "#0072B2", "#D55E00"
GREEN, PURPLE, SKY = "#009E73", "#CC79A7", "#56B4E9"
TEXT = "#757575"
GRID = "rgba(128,128,128,0.25)"
LINE = "rgba(128,128,128,0.6)"
CLEAR = "rgba(0,0,0,0)"
MOST_TASKS = 24  # by name in one figure
_LEGEND = (
    52  # pixels from the plot to the legend, with the numbers and the title of the axis between
)
# From low to high, dark and bright enough on either background.
SEQUENTIAL = [[0.0, "#2b4c7e"], [0.5, "#5aa3b8"], [1.0, "#f3d35e"]]
DIVERGING = [[0.0, "#D55E00"], [0.5, "#d9d9d9"], [1.0, "#0072B2"]]


@dataclass(frozen=True)
class Style:
    """How one family of arms is drawn, wherever it is.

    Attributes:
        color: Its colour.
        symbol: Its mark.
        dash: The dash of its lines.
    """

    color: str
    symbol: str
    dash: str

    def transparent(self, share: float) -> str:
        """Return the colour with so much of the background shining through.

        Args:
            share: How much of the colour stays, from 0 to 1.
        """
        red, green, blue = (int(self.color[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},{share:g})"


_STYLES = {
    "single": Style(GREY, "circle", "dot"),
    "equal": Style(BLUE, "square", "dash"),
    "search": Style(ORANGE, "diamond", "solid"),
    "twin": Style(GREEN, "triangle-up", "dashdot"),
    "twin/weights": Style(GREEN, "triangle-down", "longdash"),
    "without": Style(PURPLE, "cross", "longdash"),
}
_OTHER = Style(SKY, "x", "longdashdot")


def family(arm: str) -> str:
    """Return the family of an arm, which has one colour.

    Args:
        arm: Name of the arm, such as `final/single/left`.

    Examples:
        >>> family("final/single/left"), family("twin/weights"), family("warmup/uw")
        ('single', 'twin', 'warmup')
    """
    return arm.removeprefix("final/").removeprefix("split/").partition("/")[0]


def style(arm: str) -> Style:
    """Return how an arm is drawn.

    Args:
        arm: Name of the arm.

    Examples:
        >>> style("final/equal") == style("equal") != style("search")
        True
    """
    base = arm.removeprefix("final/").removeprefix("split/")
    return _STYLES.get(base) or _STYLES.get(family(arm), _OTHER)


def template() -> go.layout.Template:
    """Return the template of all figures."""
    axis: dict[str, Any] = {
        "automargin": True,
        "gridcolor": GRID,
        "linecolor": LINE,
        "zerolinecolor": LINE,
        "zerolinewidth": 1,
        "title": {"standoff": 8},
    }
    layout = go.Layout(
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        font={"color": TEXT, "size": 13, "family": "system-ui, sans-serif"},
        margin={"l": 8, "r": 12, "t": 12, "b": 8},
        colorway=[BLUE, ORANGE, GREEN, PURPLE, SKY, GREY],
        hoverlabel={"font": {"size": 13, "color": "#111"}, "bgcolor": "#f5f5f5", "align": "left"},
        # Below the plot, where it takes no width from a phone.
        legend={"orientation": "h", "x": 0, "yanchor": "top", "bgcolor": CLEAR},
        xaxis=axis,
        yaxis=axis,
        dragmode=False,  # a finger scrolls the page
        updatemenudefaults={
            # Opened, it lies over the plot.
            "bgcolor": "#eef1f4",
            "bordercolor": LINE,
            "font": {"color": "#333"},
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yanchor": "bottom",
            "pad": {"b": 6},
        },
    )
    return go.layout.Template(layout=layout)


def new_figure(traces: Sequence[Any], height: int = 400, **layout: Any) -> go.Figure:
    """Return a figure in the style of all others.

    Args:
        traces: Traces of plotly.
        height: Its height in pixels.
        layout: Changes to the layout.
    """
    figure = go.Figure(list(traces), layout={"template": template(), **layout})
    return with_height(figure, height)


def with_height(figure: go.Figure, height: int) -> go.Figure:
    """Set the height of a figure, and put the legend right below the title of the axis.

    Args:
        figure: The figure, which is changed.
        height: Its height in pixels.
    """
    figure.update_layout(height=height, legend={"y": -_LEGEND / max(height - 2 * _LEGEND, 100)})
    return figure


def many_tasks(count: int) -> bool:
    """Return whether there are more tasks than a figure has room for by name.

    Args:
        count: Number of tasks.
    """
    return count > MOST_TASKS
