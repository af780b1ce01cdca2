"""The best configurations: mean over fresh seeds, with a bar from the least to the most."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_MOST = 20


def leaderboard_figure(view: View) -> go.Figure:
    """Draw skill, Δm or the objective of each configuration, the recommended one with a star.

    It is that of the test split, or of the validation split where no test metrics are known.

    Args:
        view: The leaderboard.
    """
    measures = [f"{split}_{view.about['measure']}" for split in ("test", "val")]
    known = [name for name in measures if any(row.get(name) is not None for row in view.rows)]
    name = next(iter(known), "val_objective")
    rows = [row for row in view.rows if row.get(name) is not None][:_MOST]
    texts = ["arm", "recommended", "seeds", name, f"{name}_low", f"{name}_high", "origin"]
    names = [_name(row) for row in rows]
    short = marks.labels(names, 20)
    labels = [
        short[own] + (" ✓" if row.get("recommended") else "")
        for own, row in zip(names, rows, strict=True)
    ]
    traces = []
    for row, label in zip(rows, labels, strict=True):
        (middle,) = marks.values(view, name, [row])
        ends = [marks.values(view, f"{name}_{end}", [row]) for end in ("low", "high")]
        style = theme.style(str(row["arm"]))
        traces.append(
            go.Scatter(
                x=[middle],
                y=[label],
                error_x={**marks.error_bars([middle], *ends), "color": style.color},
                mode="markers",
                marker={
                    "color": style.color,
                    "symbol": "star" if row.get("recommended") else style.symbol,
                    "size": 16 if row.get("recommended") else 11,
                    "opacity": 1.0 if row.get("chosen", True) else 0.5,
                },
                showlegend=False,
                customdata=marks.hover_texts(view, texts, [row]),
                hovertemplate=marks.HOVER,
            )
        )
    figure = theme.new_figure(traces, height=90 + 30 * len(rows))
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1])
    split = "test" if name.startswith("test_") else "validation"
    title = marks.measure_axis(view, name).rpartition(",")[0]
    figure.update_xaxes(title=f"{title} on the {split} split")
    return figure


def _name(row: marks.Row) -> str:
    """Return the arm, or of a configuration that lost the race of its arm, the trial."""
    return str(row["arm"] if row.get("chosen", True) else row["origin"])
