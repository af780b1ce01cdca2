"""Affinities as a matrix: who steps, and whose loss changes."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View

# Blue helps, red harms; white is nothing.
_SCALE = "RdBu"


def affinity_figure(view: View) -> go.Figure:
    """Draw the matrix of affinities, symmetric around 0; what is not known is empty.

    The diagonal, what a step does for the task itself, does not set the range of the colours.
    """
    sources = list(dict.fromkeys(row["from"] for row in view.rows))
    targets = list(dict.fromkeys(row["to"] for row in view.rows))
    values = {(row["from"], row["to"]): row["affinity"] for row in view.rows}
    between = [abs(z) for (a, b), z in values.items() if a != b]
    most = max(between, default=0.0) or 1.0
    heat = go.Heatmap(
        x=targets,
        y=sources,
        z=[[values.get((source, target)) for target in targets] for source in sources],
        zmin=-most,
        zmax=most,
        colorscale=_SCALE,
        colorbar={"title": "affinity"},
        hovertemplate="a step for %{y}<br>takes %{z:.3g} of the loss of %{x}<extra></extra>",
    )
    figure = go.Figure(heat)
    figure.update_xaxes(title="loss of", type="category")
    figure.update_yaxes(title="step for", type="category", autorange="reversed")
    return figure
