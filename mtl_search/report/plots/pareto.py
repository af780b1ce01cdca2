"""Trade-offs between the tasks."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row


def pareto_figure(view: View) -> go.Figure:
    """Draw the gains of the trials that share: of two tasks against each other.

    With more tasks it is the mean gain against the gain of the worst task; a menu shows the two
    tasks that go together least. Filled marks are on the front.

    Args:
        view: The gains of the trials.
    """
    tasks: Sequence[str] = view.about["tasks"]
    first, second = view.about["opposed"]
    pair = (f"gain/{first}", f"gain/{second}")
    axes = [pair] if len(tasks) == 2 else [("mean", "worst"), pair]
    traces = [
        _points(view, x, y, arm, on_front=on_front, visible=place == 0)
        for place, (x, y) in enumerate(axes)
        for on_front in (True, False)
        for arm in ("equal", "search")
    ]
    figure = theme.new_figure(traces, height=440)
    figure.update_xaxes(title=marks.measure_axis(view, axes[0][0]), zeroline=True)
    figure.update_yaxes(title=marks.measure_axis(view, axes[0][1]), zeroline=True)
    _look_at_front(figure, view, axes[0])
    if len(axes) > 1:
        figure.update_layout(updatemenus=_menu(view, axes), margin={"t": 48})
    return figure


def _points(view: View, x: str, y: str, arm: str, *, on_front: bool, visible: bool) -> go.Scatter:
    rows: list[Row] = [r for r in view.rows if r["arm"] == arm and r["on_front"] == on_front]
    style = theme.style(arm)
    names = ["trial", "arm", "on_front", "mean", "worst", "worst_task"]
    if x.startswith("gain/"):
        names[3:3] = [x, y]
    return go.Scatter(
        x=marks.values(view, x, rows),
        y=marks.values(view, y, rows),
        mode="markers",
        visible=visible,
        name=f"{arm}, {'on the front' if on_front else 'beaten'}",
        marker={
            "color": style.color,
            "symbol": style.symbol if on_front else f"{style.symbol}-open",
            "size": 10 if on_front else 7,
            "opacity": 1.0 if on_front else 0.8,
        },
        customdata=marks.hover_texts(view, names, rows),
        hovertemplate=marks.HOVER,
    )


def _look_at_front(figure: go.Figure, view: View, axes: tuple[str, str]) -> None:
    """Leave trials out of the picture that are far behind, where they would squeeze the front."""
    outside: set[str] = set()
    for axis, name in zip(("xaxis", "yaxis"), axes, strict=True):
        front = [
            v for row in view.rows if row["on_front"] and (v := _value(view, name, row)) is not None
        ]
        every = [v for row in view.rows if (v := _value(view, name, row)) is not None]
        span = max(front) - min(front)
        low = min(front) - max(2 * span, 1.0)
        if min(every) >= low:
            continue
        outside |= {row["trial"] for row in view.rows if (_value(view, name, row) or 0.0) < low}
        figure.update_layout({axis: {"range": [low, max(every) + 0.1 * (max(every) - low)]}})
    if outside:
        figure.add_annotation(
            text=f"{len(outside)} of {len(view.rows)} trials are further behind",
            x=0,
            y=0,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
        )


def _value(view: View, name: str, row: Row) -> float | None:
    return marks.values(view, name, [row])[0]


def _menu(view: View, axes: Sequence[tuple[str, str]]) -> list[dict[str, object]]:
    labels = ["mean and worst task", "the two most opposed tasks"]
    buttons = []
    for place, (x, y) in enumerate(axes):
        shown = [group == place for group in range(len(axes)) for _ in range(4)]
        titles = {
            "xaxis.title.text": marks.measure_axis(view, x),
            "yaxis.title.text": marks.measure_axis(view, y),
            **({} if place == 0 else {"xaxis.autorange": True, "yaxis.autorange": True}),
        }
        buttons.append(
            {"label": labels[place], "method": "update", "args": [{"visible": shown}, titles]}
        )
    return [{"buttons": buttons, "direction": "down", "showactive": True}]
