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
            "opacity": 1.0 if on_front else 0.6,
        },
        customdata=marks.hover_texts(view, names, rows),
        hovertemplate=marks.HOVER,
    )


def _menu(view: View, axes: Sequence[tuple[str, str]]) -> list[dict[str, object]]:
    labels = ["mean and worst task", "the two most opposed tasks"]
    buttons = []
    for place, (x, y) in enumerate(axes):
        shown = [group == place for group in range(len(axes)) for _ in range(4)]
        titles = {
            "xaxis.title.text": marks.measure_axis(view, x),
            "yaxis.title.text": marks.measure_axis(view, y),
        }
        buttons.append(
            {"label": labels[place], "method": "update", "args": [{"visible": shown}, titles]}
        )
    return [{"buttons": buttons, "direction": "down", "showactive": True}]
