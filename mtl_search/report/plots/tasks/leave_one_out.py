"""What each task gives to the others, with its interval."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.tasks.leave_one_out import MEAN
from mtl_search.analysis.views.view import View

# With more tasks than this the ends of the order are drawn; the table has all.
_MOST_TASKS = 24


def leave_one_out_figure(view: View) -> go.Figure:
    """Draw the mean gain of the others by the task that is left out, the largest first."""
    rows = [row for row in view.rows if row["task"] == MEAN]
    rows = sorted(rows, key=lambda row: -row["gain"])
    if len(rows) > _MOST_TASKS:
        rows = rows[: _MOST_TASKS // 2] + rows[-_MOST_TASKS // 2 :]
    bars = go.Scatter(
        x=[100 * row["gain"] for row in rows],
        y=[row["without"] for row in rows],
        mode="markers",
        error_x={"array": [_half_width(row["gain"], row["high"]) for row in rows]},
    )
    figure = go.Figure(bars)
    figure.add_vline(x=0, line_dash="dot")
    figure.update_xaxes(title="points of test skill that the others gain")
    figure.update_yaxes(title="by task", type="category", autorange="reversed")
    return figure


def _half_width(gain: float, high: float | None) -> float:
    return 0.0 if high is None else 100 * (high - gain)
