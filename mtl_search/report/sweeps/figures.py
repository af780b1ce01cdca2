"""Figures of a comparison: gains by task and the best so far, a colour a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import plotly.graph_objects as go

from mtl_search.analysis import formats
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import HOVER

_MOST_TASKS = 40  # more are a wall of bars; the table has them all
_COLOURS = (theme.BLUE, theme.ORANGE, theme.GREEN, theme.PURPLE, theme.SKY, theme.GREY)
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")


def gains_figure(view: View) -> go.Figure:
    """Draw what each task gains in each sweep, with its interval.

    With many tasks those are drawn whose gains differ most between the sweeps.

    Args:
        view: The view `by_task`.
    """
    rows = [row for row in view.rows if row["gain"] is not None]
    tasks = _shown_tasks(rows)
    names = marks.labels(tasks)
    traces = [
        go.Scatter(
            x=marks.values(view, "gain", mine),
            y=[names[row["task"]] for row in mine],
            error_x=marks.error_bars(
                *(marks.values(view, name, mine) for name in ("gain", "low", "high"))
            ),
            orientation="h",
            mode="markers",
            marker={"size": 9, "color": colour, "symbol": symbol},
            name=marks.shortened(sweep, 24),
            customdata=[_gain_in_words(row) for row in mine],
            hovertemplate=HOVER,
        )
        for sweep, colour, symbol in _styles(row["sweep"] for row in view.rows)
        if (mine := [row for row in rows if row["sweep"] == sweep and row["task"] in tasks])
    ]
    sweeps = max(len(traces), 1)
    units = " and ".join(dict.fromkeys(row["unit"] for row in rows))
    figure = theme.new_figure(
        traces,
        scattermode="group",
        height=140 + len(tasks) * (16 + 14 * sweeps),
        xaxis={"title": f"gain ({units})"},
        yaxis={"type": "category", "categoryarray": list(names.values()), "autorange": "reversed"},
        showlegend=True,
    )
    marks.zero_line(figure)
    return figure


def curves_figure(view: View) -> go.Figure:
    """Draw the best objective so far against the epochs spent, for each sweep and arm.

    Args:
        view: The view `curves`.
    """
    traces = []
    for sweep, colour, symbol in _styles(row["sweep"] for row in view.rows):
        mine = [row for row in view.rows if row["sweep"] == sweep]
        for arm in dict.fromkeys(row["arm"] for row in mine):
            rows = [row for row in mine if row["arm"] == arm]
            traces.append(
                go.Scatter(
                    x=[row["epochs"] for row in rows],
                    y=[row["best"] for row in rows],
                    mode="lines+markers",
                    line={"shape": "hv", "dash": theme.style(arm).dash, "color": colour},
                    marker={"symbol": symbol, "size": 5},
                    name=marks.escape(f"{sweep}, {arm}"),
                )
            )
    return theme.new_figure(
        traces,
        height=440,
        xaxis={"title": "epochs of the arm so far"},
        yaxis={"title": "best objective (validation)"},
        showlegend=True,
    )


def _styles(sweeps: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return label, colour and mark of each sweep, the same in all figures."""
    return [
        (sweep, _COLOURS[number % len(_COLOURS)], _SYMBOLS[number % len(_SYMBOLS)])
        for number, sweep in enumerate(dict.fromkeys(sweeps))
    ]


def _shown_tasks(rows: list[Mapping[str, Any]]) -> list[str]:
    """Return the tasks in order; of many those whose gains differ most."""
    gains: dict[str, list[float]] = {}
    for row in rows:
        gains.setdefault(row["task"], []).append(row["gain"])
    by_spread = sorted(gains, key=lambda task: min(gains[task]) - max(gains[task]))
    kept = set(by_spread[:_MOST_TASKS])
    return [task for task in gains if task in kept]


def _gain_in_words(row: Mapping[str, Any]) -> str:
    has_ends = row["low"] is not None and row["high"] is not None
    interval = (row["low"], row["high"]) if has_ends else None
    gain = formats.points(row["gain"], interval)
    return (
        f"<b>{marks.escape(row['task'])}</b><br>{marks.escape(row['sweep'])}: {gain} {row['unit']}"
    )


# Name of the view → what draws it.
SWEEP_FIGURES: Mapping[str, Callable[[View], go.Figure]] = {
    "by_task": gains_figure,
    "curves": curves_figure,
}
