"""The objective by trial, and the best so far."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.parts.trials import thinned
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_NAMES = ["trial", "arm", "objective", "best", "state", "role"]
_MOST_SINGLES = 6
_MOST_POINTS = 500  # of an arm


def history_figure(view: View) -> go.Figure:
    """Draw the trials of the arms as points, of very many a part, and the best so far as steps.

    Single-task arms, whose objectives are of one task each, are shown where there are no others.

    Args:
        view: The trials by number.
    """
    arms = list(dict.fromkeys(row["arm"] for row in view.rows))
    singles = [arm for arm in arms if theme.family(arm) == "single"]
    shared = [arm for arm in arms if arm not in singles]
    shown = shared or singles[:_MOST_SINGLES]
    traces = []
    for arm in shown:
        rows = [row for row in view.rows if row["arm"] == arm]
        style = theme.style(arm)
        points = thinned(rows, _MOST_POINTS)
        traces += [
            go.Scatter(
                x=[row["number"] + 1 for row in points],
                y=marks.values(view, "objective", points),
                mode="markers",
                name=arm,
                legendgroup=arm,
                marker={"color": style.transparent(0.6), "symbol": style.symbol, "size": 7},
                customdata=marks.hover_texts(view, _NAMES, points),
                hovertemplate=marks.HOVER,
            ),
            go.Scatter(
                x=[row["number"] + 1 for row in rows],
                y=marks.values(view, "best", rows),
                mode="lines",
                name=f"{arm}, best so far",
                legendgroup=arm,
                line={"color": style.color, "dash": style.dash, "width": 2, "shape": "hv"},
                hoverinfo="skip",
            ),
        ]
    figure = theme.new_figure(traces)
    figure.update_xaxes(title="trial of the arm")
    figure.update_yaxes(title="objective")
    return figure
