"""Mean cosine of the tasks' gradients, by stage and epoch."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View

_SCALE = "RdBu"


def gradient_conflict_figure(view: View) -> go.Figure:
    """Draw the mean cosine of all pairs by stage and epoch, of the last arm of the table."""
    arm = view.rows[-1]["arm"]
    rows = [row for row in view.rows if row["arm"] == arm]
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    epochs = sorted({row["epoch"] for row in rows})
    by_name: dict[str, dict[tuple[str, int], float]] = {"mean": {}, "conflict": {}}
    for row in rows:
        if row["pair"] in by_name:
            by_name[row["pair"]][row["stage"], row["epoch"]] = row["cosine"]
    means, shares = by_name["mean"], by_name["conflict"]
    heat = go.Heatmap(
        x=epochs,
        y=[stage if stage == "all" else f"stage {stage}" for stage in stages],
        z=[[means.get((stage, epoch)) for epoch in epochs] for stage in stages],
        customdata=[[shares.get((stage, epoch)) for epoch in epochs] for stage in stages],
        zmin=-1,
        zmax=1,
        colorscale=_SCALE,
        colorbar={"title": "mean cosine"},
        hovertemplate="%{y}, epoch %{x}: %{z:.2f}<br>"
        "%{customdata:.0%} of the pairs conflict<extra></extra>",
    )
    figure = go.Figure(heat)
    figure.update_xaxes(title=f"epoch of {rows[0]['trial']}")
    figure.update_yaxes(type="category", autorange="reversed")
    return figure
