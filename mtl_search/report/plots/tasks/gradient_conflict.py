"""Mean cosine of the tasks' gradients, by stage and epoch."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from mtl_search.analysis import formats
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_LEAST_RANGE = 0.1  # of the colours, so that noise around 0 stays pale


def gradient_conflict_figure(view: View) -> go.Figure:
    """Draw the mean cosine of all pairs by stage and epoch, of the arm that the summary tells of.

    Colours reach as far as the cosines do: on the scale from -1 to 1 most would look the same.
    """
    arm = view.about["arm"]
    rows = [row for row in view.rows if row["arm"] == arm]
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    epochs = sorted({row["epoch"] for row in rows})
    by_name: dict[str, dict[tuple[str, int], float]] = {"mean": {}, "conflict": {}}
    for row in rows:
        if row["pair"] in by_name:
            by_name[row["pair"]][row["stage"], row["epoch"]] = row["cosine"]
    means, shares = by_name["mean"], by_name["conflict"]
    most = max([_LEAST_RANGE, *map(abs, means.values())])
    heat = go.Heatmap(
        x=epochs,
        y=[_label(stage) for stage in stages],
        z=[[means.get((stage, epoch)) for epoch in epochs] for stage in stages],
        customdata=[[_hover(stage, epoch, means, shares) for epoch in epochs] for stage in stages],
        zmin=-most,
        zmax=most,
        colorscale=theme.DIVERGING,
        colorbar={"title": {"text": "mean cosine", "side": "right"}, "thickness": 14},
        hovertemplate=marks.HOVER,
        hoverongaps=False,
    )
    figure = theme.new_figure([heat], height=170 + 40 * len(stages))
    figure.update_xaxes(title=f"epoch of {marks.escape(rows[0]['trial'])}", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def _label(stage: str) -> str:
    return stage if stage == "all" else f"stage {stage}"


def _hover(
    stage: str,
    epoch: int,
    means: Mapping[tuple[str, int], float],
    shares: Mapping[tuple[str, int], float],
) -> str:
    """Return the text under the pointer; empty where nothing was measured."""
    key = (stage, epoch)
    if key not in means:
        return ""
    lines = [f"<b>{marks.escape(_label(stage))}, epoch {epoch}</b>"]
    lines.append(f"mean cosine: {formats.number(means[key])}")
    if key in shares:
        lines.append(f"pairs in conflict: {100 * shares[key]:.0f} %")
    return "<br>".join(lines)
