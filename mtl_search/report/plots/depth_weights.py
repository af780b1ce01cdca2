"""Depth and the weight of a task together, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from mtl_search.analysis import formats
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row

_MOST_TASKS = 12  # in the menu


def depth_weights_figure(view: View) -> go.Figure:
    """Draw the mean of the trials of each depth and range of weight; a menu chooses the task.

    Of many tasks those are offered whose cells differ most. The number in a cell is that of its
    trials.

    Args:
        view: The cells.
    """
    tasks = sorted(view.about["tasks"], key=lambda task: -_spread(view, task))[:_MOST_TASKS]
    traces = [_map(view, task, visible=task == tasks[0]) for task in tasks]
    figure = theme.new_figure(traces)
    reference = marks.shortened(str(view.about["reference"]))
    labels = list(marks.labels(tasks).values())
    visible = [[own == task for own in tasks] for task in tasks]
    menus = marks.menu(labels, visible)
    figure.update_layout(updatemenus=menus, margin={"t": 48 if menus else 12})
    whose = "its" if menus else f"{labels[0]}'s"
    title = f"{whose} loss weight ÷ that of {reference}"
    figure.update_xaxes(title=title, type="category", showgrid=False)
    figure.update_yaxes(title="sharing depth", type="category", showgrid=False)
    return figure


def _spread(view: View, task: str) -> float:
    means = [row["mean"] for row in view.rows if row["task"] == task and row["trials"] > 1]
    return max(means) - min(means) if means else 0.0


def _map(view: View, task: str, *, visible: bool) -> go.Heatmap:
    rows = [row for row in view.rows if row["task"] == task]
    ranges = sorted({(row["low"], row["high"]) for row in rows})
    depths = list(dict.fromkeys(row["depth"] for row in rows))
    cells: dict[tuple[str, tuple[float, float]], Row] = {
        (row["depth"], (row["low"], row["high"])): row for row in rows
    }
    grid: list[list[Row | None]] = [[cells.get((d, ends)) for ends in ranges] for d in depths]
    kind = marks.column_of(view, "mean").kind
    names = ["task", "depth", "low", "high", "mean", "best", "trials"]
    return go.Heatmap(
        x=[_range(ends) for ends in ranges],
        y=depths,
        z=[[marks.shown(kind, cell["mean"]) if cell else None for cell in line] for line in grid],
        text=[[str(cell["trials"]) if cell else "" for cell in line] for line in grid],
        texttemplate="%{text}",
        customdata=[
            [marks.hover_texts(view, names, [cell])[0] if cell else "" for cell in line]
            for line in grid
        ],
        hovertemplate=marks.HOVER,
        hoverongaps=False,
        colorscale=theme.SEQUENTIAL,
        colorbar={
            "title": {"text": marks.measure_axis(view, "mean"), "side": "right"},
            "thickness": 14,
        },
        xgap=2,
        ygap=2,
        visible=visible,
    )


def _range(ends: Sequence[float]) -> str:
    low, high = (formats.number(end, 2) for end in ends)
    return f"{low} – {high}"
