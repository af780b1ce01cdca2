"""What the trials are worth against the loss weight of each task."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from mtl_search.analysis import formats
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row

_MOST_TASKS = 12  # in the menu
_WIDE = 3.5  # powers of ten


def sensitivity_figure(view: View) -> go.Figure:
    """Draw the trials against the ratio of one weight, with the mean; a menu chooses the task.

    Of many tasks those with the largest rank correlations are offered.

    Args:
        view: The trials by task.
    """
    correlation = view.about["correlation"]
    tasks = sorted(correlation, key=lambda task: -abs(correlation[task] or 0.0))[:_MOST_TASKS]
    traces = []
    for task in tasks:
        traces += _traces(view, task, visible=task == tasks[0])
    figure = theme.new_figure(traces)
    reference = marks.shortened(str(view.about["reference"]))
    names = marks.labels(tasks)
    labels = [_entry(names[task], correlation[task]) for task in tasks]
    visible = [[own == task for own in tasks for _ in range(3)] for task in tasks]
    menus = marks.menu(labels, visible)
    figure.update_layout(updatemenus=menus, margin={"t": 48 if menus else 12})
    which = "its" if menus else f"{names[tasks[0]]}'s"
    figure.update_xaxes(type="log", title=f"{which} loss weight ÷ that of {reference}")
    figure.update_xaxes(tickvals=_ticks(view.rows))
    figure.update_yaxes(title=marks.measure_axis(view, view.about["measure"]))
    return figure


def _entry(name: str, correlation: float | None) -> str:
    """Return how the menu names a task."""
    return (
        name
        if correlation is None
        else f"{name} (rank correlation {formats.signed(correlation, 2)})"
    )


def _ticks(rows: Sequence[Row]) -> list[float]:
    """Return 1, 2 and 5 times powers of ten over all ratios; of wide ranges the powers alone."""
    # Plotly's own ticks between the powers are bare digits: 0.2 and 2 would look the same.
    ratios = [row["ratio"] for row in rows]
    low, high = (math.log10(end) for end in (min(ratios), max(ratios)))
    steps = (1, 2, 5) if high - low < _WIDE else (1,)
    powers = range(math.floor(low), math.ceil(high) + 1)
    return [float(f"{step}e{power}") for power in powers for step in steps]


def _traces(view: View, task: str, *, visible: bool) -> list[go.Scatter]:
    """Return the points of both arms, and the line of means."""
    measure = view.about["measure"]
    kind = marks.column_of(view, measure).kind
    traces = []
    for arm in ("equal", "search"):
        rows = [row for row in view.rows if row["task"] == task and row["arm"] == arm]
        style = theme.style(arm)
        traces.append(
            go.Scatter(
                x=[row["ratio"] for row in rows],
                y=marks.values(view, measure, rows),
                mode="markers",
                name=arm,
                visible=visible,
                marker={"color": style.transparent(0.6), "symbol": style.symbol, "size": 8},
                customdata=marks.hover_texts(view, ["trial", "arm", "ratio", measure], rows),
                hovertemplate=marks.HOVER,
            )
        )
    means = view.about["means"][task]
    traces.append(
        go.Scatter(
            x=[point["ratio"] for point in means],
            y=[marks.shown(kind, point["mean"]) for point in means],
            mode="lines+markers",
            name="mean of a range",
            visible=visible,
            line={"color": theme.TEXT, "width": 2},
            marker={"size": 5},
            hoverinfo="skip",
        )
    )
    return traces
