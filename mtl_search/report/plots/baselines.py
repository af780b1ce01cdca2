"""Networks and simple models, on the scale of skill."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme

_STYLES = {
    "linear": (theme.GREEN, "triangle-up-open"),
    "gradient_boosting": (theme.PURPLE, "triangle-down-open"),
    "single": (theme.GREY, "circle"),
    "shared": (theme.ORANGE, "diamond"),
}


def baselines_figure(view: View) -> go.Figure:
    """Draw the skill of each model on each task; of many tasks, its distribution.

    Sweeps without scales of skill have the table alone.

    Args:
        view: The models by task.
    """
    names = [n for n in view.about["shown"] if any(c.name == f"skill/{n}" for c in view.columns)]
    many = theme.many_tasks(len(view.rows))
    traces = [_boxes(view, name) if many else _marks(view, name) for name in names]
    height = 130 + (60 * len(names) if many else 30 * len(view.rows))
    figure = theme.new_figure(traces, height=height)
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_xaxes(title="skill on the test split")
    marks.zero_line(figure)
    return figure


def _title(view: View, name: str) -> str:
    return marks.escape(marks.column_of(view, name).title)


def _hover(view: View, name: str) -> list[str]:
    return marks.hover_texts(view, ["task", "metric", name, f"skill/{name}", "constant"], view.rows)


def _marks(view: View, name: str) -> go.Scatter:
    color, symbol = _STYLES.get(name, (theme.SKY, "x"))
    tasks = [str(row["task"]) for row in view.rows]
    labels = marks.labels(tasks)
    return go.Scatter(
        x=marks.values(view, f"skill/{name}", view.rows),
        y=[labels[task] for task in tasks],
        mode="markers",
        name=_title(view, name),
        marker={"color": color, "symbol": symbol, "size": 11, "line": {"width": 2, "color": color}},
        customdata=_hover(view, name),
        hovertemplate=marks.HOVER,
    )


def _boxes(view: View, name: str) -> go.Box:
    color, _ = _STYLES.get(name, (theme.SKY, "x"))
    return go.Box(
        x=marks.values(view, f"skill/{name}", view.rows),
        y=[_title(view, name)] * len(view.rows),
        orientation="h",
        boxpoints="all",
        jitter=0.6,
        pointpos=0,
        name=_title(view, name),
        marker={"color": color, "size": 4},
        showlegend=False,
        customdata=_hover(view, name),
        hovertemplate=marks.HOVER,
    )
