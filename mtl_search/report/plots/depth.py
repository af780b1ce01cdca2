"""Sharing depth against what the networks are worth, and their size."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mtl_search.analysis.views.parts.trials import thinned
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_MOST_POINTS = 300  # of an arm


def depth_figure(view: View) -> go.Figure:
    """Draw each trial by its depth, with best and mean, and below the number of parameters.

    Of very many trials some are left out; best and mean know all of them.

    Args:
        view: The trials by depth.
    """
    measure = view.about["measure"]
    kind = marks.column_of(view, measure).kind
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06
    )
    figure.update_layout(template=theme.template())
    theme.with_height(figure, 540)
    groups = view.about["depths"]
    places = {group["depth"]: place for place, group in enumerate(groups)}
    names = ["trial", "depth", measure, "parameters", "arm", "state"]
    for arm in ("equal", "search"):
        # Sorted by depth and value, so that those which are kept show the same distribution.
        rows = thinned([row for row in view.rows if row["arm"] == arm], _MOST_POINTS)
        style = theme.style(arm)
        x = [places[row["depth"]] + _shift(arm, index) for index, row in enumerate(rows)]
        for place, name in enumerate((measure, "parameters"), start=1):
            points = go.Scatter(
                x=x,
                y=marks.values(view, name, rows),
                mode="markers",
                name=arm,
                legendgroup=arm,
                showlegend=place == 1,
                marker={"color": style.transparent(0.6), "symbol": style.symbol, "size": 8},
                customdata=marks.hover_texts(view, names, rows),
                hovertemplate=marks.HOVER,
            )
            figure.add_trace(points, row=place, col=1)
    for name, dash in (("best", "solid"), ("mean", "dot")):
        line = go.Scatter(
            x=list(places.values()),
            y=[marks.shown(kind, group[name]) for group in groups],
            mode="lines",
            name=name,
            line={"color": theme.TEXT, "dash": dash, "width": 2},
            hoverinfo="skip",
        )
        figure.add_trace(line, row=1, col=1)
    figure.update_xaxes(tickvals=list(places.values()), ticktext=list(places), zeroline=False)
    figure.update_xaxes(title="sharing depth", row=2, col=1)
    figure.update_yaxes(title=marks.measure_axis(view, measure), row=1, col=1)
    figure.update_yaxes(title="parameters", rangemode="tozero", row=2, col=1)
    return figure


def _shift(arm: str, index: int) -> float:
    """Return how far beside its depth a mark stands, so that marks do not hide each other."""
    side = -0.15 if arm == "equal" else 0.15
    return side + 0.05 * (3 * index % 5 - 2)
