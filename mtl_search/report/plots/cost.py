"""Epochs of each arm, as bars, with those that early stopping saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from mtl_search.analysis import formats
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row

_MOST_ARMS = 12  # above, arms of single tasks are drawn together
_SUMS = ("trials", "failed", "pruned", "epochs", "seconds", "full_epochs")


def cost_figure(view: View) -> go.Figure:
    """Draw the epochs of each arm as horizontal bars, and hatched what stopping saved.

    Args:
        view: The cost of the arms.
    """
    rows = list(view.rows)
    if len(rows) > _MOST_ARMS:
        rows = _together(rows)
    labels = marks.labels((str(row["arm"]) for row in rows), 22)
    arms = [labels[str(row["arm"])] for row in rows]
    texts = marks.hover_texts(view, ["arm", *_SUMS], rows)
    colors = [theme.style(str(row["arm"]).partition(",")[0]).color for row in rows]
    saved = [max(0, row.get("full_epochs", 0) - row["epochs"]) for row in rows]
    spent = go.Bar(
        x=[row["epochs"] for row in rows],
        y=arms,
        orientation="h",
        name="spent",
        marker={"color": colors},
        text=[formats.count(row["epochs"]) for row in rows],
        textposition="auto",
        customdata=texts,
        hovertemplate=marks.HOVER,
    )
    traces = [spent]
    if any(saved):
        pattern = {"shape": "/", "fgcolor": theme.TEXT, "bgcolor": theme.CLEAR}
        traces.append(
            go.Bar(
                x=saved,
                y=arms,
                orientation="h",
                name="saved by early stopping",
                marker={
                    "color": theme.CLEAR,
                    "pattern": pattern,
                    "line": {"color": theme.LINE, "width": 1},
                },
                customdata=texts,
                hovertemplate=marks.HOVER,
            )
        )
    figure = theme.new_figure(
        traces, height=110 + 28 * len(rows), barmode="stack", showlegend=len(traces) > 1
    )
    figure.update_xaxes(title="epochs")
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def _together(rows: Sequence[Row]) -> list[Row]:
    """Return one row for all single-task arms of a kind, with the sums of their numbers."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        kind = str(row["arm"]).rpartition("single/")[0]
        is_single = "single/" in str(row["arm"])
        groups.setdefault(f"{kind}single/…" if is_single else str(row["arm"]), []).append(row)
    return [_sum(name, own) for name, own in groups.items()]


def _sum(name: str, rows: Sequence[Row]) -> Mapping[str, Any]:
    sums = {key: sum(row.get(key) or 0 for row in rows) for key in _SUMS}
    label = name if len(rows) == 1 else f"{name.removesuffix('/…')}, {len(rows)} tasks"
    return {**sums, "arm": label}
