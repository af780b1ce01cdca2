"""What each task gives to the others, with its interval."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.tasks.leave_one_out import MEAN
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_NAMES = ["without", "gain", "low", "high"]


def leave_one_out_figure(view: View) -> go.Figure:
    """Draw the mean gain of the others by the task that is left out, the largest first.

    Of many tasks both ends of the order are drawn; the table has all.
    """
    rows = [row for row in view.rows if row["task"] == MEAN]
    rows = sorted(rows, key=lambda row: -row["gain"])
    if theme.many_tasks(len(rows)):
        rows = rows[: theme.MOST_TASKS // 2] + rows[-theme.MOST_TASKS // 2 :]
    gains, low, high = (marks.values(view, name, rows) for name in ("gain", "low", "high"))
    names = [str(row["without"]) for row in rows]
    labels = marks.labels(names, 28)
    points = go.Scatter(
        x=gains,
        y=[labels[name] for name in names],
        mode="markers",
        marker={"color": theme.PURPLE, "symbol": "cross", "size": 10},
        error_x={**marks.error_bars(gains, low, high), "color": theme.PURPLE},
        customdata=marks.hover_texts(view, _NAMES, rows),
        hovertemplate=marks.HOVER,
    )
    figure = theme.new_figure([points], height=120 + 26 * len(rows))
    figure.update_xaxes(title="points of test skill that the others gain")
    figure.update_yaxes(title="by task", type="category", autorange="reversed")
    marks.zero_line(figure)
    return figure
