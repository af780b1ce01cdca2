"""Learning curves with bands over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row

_NAMES = ["curve", "epoch", "mean", "low", "high", "seeds"]


def curves_figure(view: View) -> go.Figure:
    """Draw the mean of each arm's fresh seeds with a band, and the best trials as thin lines.

    Single-task networks, and the best trial of each arm, can be switched on in the legend. Without
    fresh seeds the best trials are shown from the start.

    Args:
        view: The points of the curves.
    """
    by_curve: dict[str, list[Row]] = {}
    for row in view.rows:
        by_curve.setdefault(row["curve"], []).append(row)
    has_bands = any(rows[0]["of"] != "trial" for rows in by_curve.values())
    labels = marks.labels(by_curve, 24)
    traces: list[go.Scatter] = []
    seen: set[str] = set()
    for name, rows in by_curve.items():
        arm = rows[0]["arm"]
        is_trial = rows[0]["of"] == "trial"
        if is_trial and has_bands and arm in seen:
            continue
        if is_trial:
            seen.add(arm)
            traces.append(_line(view, name, labels[name], rows, hidden=has_bands, width=1.5))
        else:
            hidden = theme.family(arm) == "single"
            traces += [_band(view, name, rows, hidden=hidden)]
            traces += [_line(view, name, labels[name], rows, hidden=hidden, width=2.5)]
    figure = theme.new_figure(traces, height=460)
    figure.update_xaxes(title="epoch", rangemode="tozero")
    figure.update_yaxes(title=marks.measure_axis(view, "mean").removeprefix("mean "))
    return figure


def _band(view: View, name: str, rows: Sequence[Row], *, hidden: bool) -> go.Scatter:
    """Return the area between the least and the most, once around."""
    epochs = [row["epoch"] for row in rows]
    return go.Scatter(
        x=[*epochs, *epochs[::-1]],
        y=[*marks.values(view, "high", rows), *marks.values(view, "low", rows)[::-1]],
        fill="toself",
        fillcolor=theme.style(rows[0]["arm"]).transparent(0.15),
        mode="lines",
        line={"width": 0},
        legendgroup=name,
        showlegend=False,
        visible="legendonly" if hidden else True,
        hoverinfo="skip",
    )


def _line(
    view: View, name: str, label: str, rows: Sequence[Row], *, hidden: bool, width: float
) -> go.Scatter:
    style = theme.style(rows[0]["arm"])
    return go.Scatter(
        x=[row["epoch"] for row in rows],
        y=marks.values(view, "mean", rows),
        mode="lines",
        name=label,
        legendgroup=name,
        visible="legendonly" if hidden else True,
        line={"color": style.color, "dash": style.dash, "width": width},
        customdata=marks.hover_texts(view, _NAMES, rows),
        hovertemplate=marks.HOVER,
    )
