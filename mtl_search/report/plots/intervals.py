"""Gains with their intervals, one row a task; of many tasks the distribution and the extremes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row

_EXTREMES = 5  # named on each side where there are many tasks
_NAMES = ["task", "gain", "low", "high", "p_value", "holds", "single", "shared", "delta_m"]


def intervals_figure(view: View) -> go.Figure:
    """Draw the column `gain` of each task, with bars from `low` to `high`.

    Filled marks are gains and losses that are claimed. With many tasks a box shows the gains of
    all, and the five best and worst stand below it by name.

    Args:
        view: A view with the columns `task, gain, low, high, holds`.
    """
    rows = sorted((r for r in view.rows if r["gain"] is not None), key=lambda row: row["gain"])
    many = theme.many_tasks(len(rows))
    named = [*rows[:_EXTREMES], *rows[-_EXTREMES:]] if many else rows
    names = marks.labels(str(row["task"]) for row in named)
    traces = [_points(view, named, names, claimed=claimed) for claimed in (True, False)]
    if many:
        traces.append(_distribution(view, rows))
    figure = theme.new_figure(
        [trace for trace in traces if len(trace.x)], height=110 + 26 * (len(named) + 2 * many)
    )
    order = [names[str(row["task"])] for row in named]
    if many:
        order.insert(_EXTREMES, _all(rows))
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=order)
    figure.update_xaxes(title=marks.measure_axis(view, "gain"))
    marks.zero_line(figure)
    return figure


def _all(rows: Sequence[Row]) -> str:
    return f"all {len(rows)} tasks"


def _points(
    view: View, rows: Sequence[Row], names: Mapping[str, str], *, claimed: bool
) -> go.Scatter:
    own = [row for row in rows if bool(row["holds"]) == claimed]
    middle = marks.values(view, "gain", own)
    bars = marks.error_bars(middle, marks.values(view, "low", own), marks.values(view, "high", own))
    color = theme.BLUE if claimed else theme.GREY
    return go.Scatter(
        x=middle,
        y=[names[str(row["task"])] for row in own],
        error_x={**bars, "color": color},
        mode="markers",
        name="claimed" if claimed else "not claimed",
        marker={
            "color": color,
            "size": 10,
            "symbol": "circle" if claimed else "circle-open",
            "line": {"width": 2, "color": color},
        },
        customdata=marks.hover_texts(view, _NAMES, own),
        hovertemplate=marks.HOVER,
    )


def _distribution(view: View, rows: Sequence[Row]) -> go.Box:
    return go.Box(
        x=marks.values(view, "gain", rows),
        y=[_all(rows)] * len(rows),
        orientation="h",
        boxpoints="all",
        jitter=0.6,
        pointpos=0,
        name="all tasks",
        marker={"color": theme.SKY, "size": 4},
        line={"width": 1},
        customdata=marks.hover_texts(view, _NAMES, rows),
        hovertemplate=marks.HOVER,
    )
