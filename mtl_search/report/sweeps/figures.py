"""Figures of a comparison: gains by task and the best so far, a colour a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View

_MOST_TASKS = 40  # more are a wall of bars; the table has them all
_DASHES = {"equal": "dot", "search": "solid"}


def gains_figure(view: View) -> go.Figure:
    """Draw what each task gains in each sweep, with its interval.

    With many tasks those are drawn whose gains differ most between the sweeps.

    Args:
        view: The view `by_task`.
    """
    rows = [row for row in view.rows if row["gain"] is not None]
    gains: dict[str, list[float]] = {}
    for row in rows:
        gains.setdefault(row["task"], []).append(row["gain"])
    by_spread = sorted(gains, key=lambda task: min(gains[task]) - max(gains[task]))
    shown = set(by_spread[:_MOST_TASKS])
    figure = go.Figure()
    for sweep in dict.fromkeys(row["sweep"] for row in rows):
        mine = [row for row in rows if row["sweep"] == sweep and row["task"] in shown]
        figure.add_scatter(
            x=[100 * row["gain"] for row in mine],
            y=[row["task"] for row in mine],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_arm(row["high"], row["gain"]) for row in mine],
                "arrayminus": [_arm(row["gain"], row["low"]) for row in mine],
            },
            mode="markers",
            marker={"size": 9},
            name=sweep,
        )
    figure.add_vline(x=0, line_width=1)
    figure.update_layout(
        scattermode="group",
        height=max(320, 140 + 34 * min(len(gains), _MOST_TASKS)),
        xaxis_title="gain over the separate network (× 100)",
        yaxis={"autorange": "reversed", "type": "category"},
        showlegend=True,
    )
    return figure


def curves_figure(view: View) -> go.Figure:
    """Draw the best objective so far against the epochs spent, for each sweep and arm.

    Args:
        view: The view `curves`.
    """
    figure = go.Figure()
    curves: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in view.rows:
        curves.setdefault((row["sweep"], row["arm"]), []).append(row)
    sweeps = list(dict.fromkeys(sweep for sweep, _ in curves))
    colours = figure.layout.template.layout.colorway or ("#636efa", "#ef553b", "#00cc96", "#ab63fa")
    for (sweep, arm), rows in curves.items():
        figure.add_scatter(
            x=[row["epochs"] for row in rows],
            y=[row["best"] for row in rows],
            mode="lines+markers",
            line={
                "shape": "hv",
                "dash": _DASHES.get(arm, "dash"),
                "color": colours[sweeps.index(sweep) % len(colours)],
            },
            name=f"{sweep}, {arm}",
        )
    figure.update_layout(
        xaxis_title="epochs of the arm", yaxis_title="best objective (validation)", showlegend=True
    )
    return figure


def _arm(end: float | None, start: float | None) -> float:
    return 0.0 if end is None or start is None else 100 * (end - start)


# Name of the view → what draws it.
SWEEP_FIGURES: Mapping[str, Callable[[View], go.Figure]] = {
    "by_task": gains_figure,
    "curves": curves_figure,
}
