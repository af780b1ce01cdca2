"""How much each setting mattered."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_MOST = 20


def importance_figure(view: View) -> go.Figure:
    """Draw the importance of each setting as horizontal bars, one colour an arm.

    Args:
        view: Rows with `setting, importance, arm`.
    """
    rows = [row for row in view.rows if row["importance"] is not None]
    top: dict[str, float] = {}
    for row in rows:
        top[row["setting"]] = max(top.get(row["setting"], 0.0), row["importance"])
    settings = sorted(top, key=top.__getitem__)[-_MOST:]
    labels = marks.labels(settings, 28)
    traces = []
    for arm in dict.fromkeys(str(row["arm"]) for row in rows):
        own = [row for row in rows if row["arm"] == arm and row["setting"] in settings]
        traces.append(
            go.Bar(
                x=marks.values(view, "importance", own),
                y=[labels[row["setting"]] for row in own],
                orientation="h",
                name=arm,
                marker={"color": theme.style(arm).color},
                customdata=marks.hover_texts(view, ["setting", "arm", "importance"], own),
                hovertemplate=marks.HOVER,
            )
        )
    height = 110 + len(settings) * (14 + 14 * len(traces))
    figure = theme.new_figure(traces, height=height, barmode="group", showlegend=len(traces) > 1)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=list(labels.values()))
    figure.update_xaxes(title=marks.measure_axis(view, "importance"))
    return figure
