"""Epochs of each arm, as bars."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View


def cost_figure(view: View) -> go.Figure:
    """Draw the epochs of each arm as horizontal bars."""
    arms = [row["arm"] for row in view.rows]
    bars = go.Bar(x=[row["epochs"] for row in view.rows], y=arms, orientation="h")
    figure = go.Figure(bars)
    figure.update_xaxes(title="epochs")
    figure.update_yaxes(autorange="reversed")
    return figure
