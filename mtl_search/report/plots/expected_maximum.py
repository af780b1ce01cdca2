"""The expected best of each arm against the epochs that it takes."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme


def expected_maximum_figure(view: View) -> go.Figure:
    """Draw a curve an arm.

    Args:
        view: The points of the curves.
    """
    measure = view.about["measure"]
    traces = []
    for arm in dict.fromkeys(row["arm"] for row in view.rows):
        rows = [row for row in view.rows if row["arm"] == arm]
        style = theme.style(arm)
        traces.append(
            go.Scatter(
                x=[row["epochs"] for row in rows],
                y=marks.values(view, measure, rows),
                mode="lines+markers",
                name=arm,
                line={"color": style.color, "dash": style.dash, "width": 2},
                marker={"symbol": style.symbol, "size": 6},
                customdata=marks.hover_texts(view, ["arm", "trials", "epochs", measure], rows),
                hovertemplate=marks.HOVER,
            )
        )
    figure = theme.new_figure(traces)
    figure.update_xaxes(title="epochs spent", rangemode="tozero")
    figure.update_yaxes(title=f"expected best {marks.measure_axis(view, measure)}")
    return figure
