"""How well the epochs at which trials were stopped foretell the end."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from mtl_search.analysis import formats
from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row

_NAMES = ["of", "arm", "epoch", "correlation", "trials"]
_OBJECTIVE = "objective"


def rungs_figure(view: View) -> go.Figure:
    """Draw the rank correlation of the objective and of each task, by arm and epoch.

    With many tasks a box shows those of all tasks, and the objective is a mark beside it.
    Single-task arms, which have one task each, are shown where there are no others.

    Args:
        view: The correlations.
    """
    rows = [row for row in view.rows if theme.family(row["arm"]) != "single"] or list(view.rows)
    tasks = list(dict.fromkeys(row["of"] for row in rows if row["of"] != _OBJECTIVE))
    if theme.many_tasks(len(tasks)):
        return _boxes(view, rows)
    return _map(view, rows, tasks)


def _places(rows: Sequence[Row]) -> list[str]:
    """Return where each row stands: its arm and its epoch."""
    arms = marks.labels((row["arm"] for row in rows), 14)
    return [f"{arms[row['arm']]}<br>epoch {row['epoch']}" for row in rows]


def _map(view: View, shown: Sequence[Row], tasks: Sequence[str]) -> go.Figure:
    names = [*tasks[::-1], _OBJECTIVE]
    places = _places(shown)
    rungs = list(dict.fromkeys(places))
    cells: dict[tuple[str, str], Row] = {
        (row["of"], place): row for row, place in zip(shown, places, strict=True)
    }
    grid = [[cells.get((name, rung)) for rung in rungs] for name in names]
    heat = go.Heatmap(
        x=rungs,
        y=list(marks.labels(names).values()),
        z=[[cell["correlation"] if cell else None for cell in line] for line in grid],
        zmin=-1,
        zmax=1,
        colorscale=theme.DIVERGING,
        text=[[_number(cell) for cell in line] for line in grid],
        texttemplate="%{text}",
        customdata=[
            [marks.hover_texts(view, _NAMES, [cell])[0] if cell else "" for cell in line]
            for line in grid
        ],
        hovertemplate=marks.HOVER,
        hoverongaps=False,
        colorbar={"title": {"text": "rank correlation", "side": "right"}, "thickness": 14},
        xgap=2,
        ygap=2,
    )
    figure = theme.new_figure([heat], height=140 + 28 * len(names))
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", showgrid=False)
    return figure


def _number(cell: Row | None) -> str:
    return formats.number(cell["correlation"], 2) if cell else ""


def _boxes(view: View, shown: Sequence[Row]) -> go.Figure:
    traces: list[object] = []
    for is_task, name, color in ((True, "tasks", theme.SKY), (False, "objective", theme.ORANGE)):
        rows = [row for row in shown if (row["of"] != _OBJECTIVE) == is_task]
        place = {
            "x": _places(rows),
            "y": [row["correlation"] for row in rows],
            "name": name,
            "customdata": marks.hover_texts(view, _NAMES, rows),
            "hovertemplate": marks.HOVER,
        }
        if is_task:
            marker = {"color": color, "size": 4}
            traces.append(go.Box(boxpoints="all", jitter=0.5, pointpos=0, marker=marker, **place))
        else:
            marker = {"color": color, "size": 12, "symbol": "diamond"}
            traces.append(go.Scatter(mode="markers", marker=marker, **place))
    figure = theme.new_figure(traces)
    figure.update_yaxes(title="rank correlation with the end", range=[-1.05, 1.05])
    return figure
