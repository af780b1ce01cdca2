"""Affinities as a matrix: who steps, and whose loss changes."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_NAMES = ["from", "to", "affinity", "relative", "epochs"]
_LONGEST = 28  # characters of a name


def affinity_figure(view: View) -> go.Figure:
    """Draw the matrix of affinities: blue helps, red harms; what is not known is empty.

    The diagonal, what a step does for the task itself, does not set the range of the colours.
    """
    sources = list(dict.fromkeys(row["from"] for row in view.rows))
    targets = list(dict.fromkeys(row["to"] for row in view.rows))
    values = {(row["from"], row["to"]): row["affinity"] for row in view.rows}
    between = [abs(z) for (a, b), z in values.items() if a != b]
    most = max(between, default=0.0) or 1.0
    texts = dict(zip(values, marks.hover_texts(view, _NAMES, view.rows), strict=True))
    labels = marks.labels([*sources, *targets], _LONGEST)
    heat = go.Heatmap(
        x=[labels[target] for target in targets],
        y=[labels[source] for source in sources],
        z=[[values.get((source, target)) for target in targets] for source in sources],
        zmin=-most,
        zmax=most,
        customdata=[[texts.get((source, target), "") for target in targets] for source in sources],
        colorscale=theme.DIVERGING,
        colorbar={"title": {"text": "affinity", "side": "top"}, "thickness": 14},
        hovertemplate=marks.HOVER,
        hoverongaps=False,
        xgap=1,
        ygap=1,
    )
    figure = theme.new_figure([heat], height=min(1400, 160 + 24 * len(sources)))
    figure.update_xaxes(title="loss of", type="category", showgrid=False)
    figure.update_yaxes(title="step for", type="category", autorange="reversed", showgrid=False)
    return figure
