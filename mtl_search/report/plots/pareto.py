"""Trade-offs between the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import marks, theme
from mtl_search.report.plots.marks import Row

_HIDDEN = 0.45  # of the trials at most lie outside of an axis


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
    # Above the plot: in it, it would hide numbers or trials.
    place = {"xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    figure.add_annotation(x=1, y=1, showarrow=False, **place)
    looks = [_look_at_front(view, pair_of_axes) for pair_of_axes in axes]
    figure.update_layout(looks[0], margin={"t": 32})
    if len(axes) > 1:
        labels = ["mean and worst task", "the two most opposed tasks"]
        buttons = [
            {
                "label": label,
                "method": "update",
                "args": [
                    {"visible": [group == place for group in range(2) for _ in range(4)]},
                    look,
                ],
            }
            for place, (label, look) in enumerate(zip(labels, looks, strict=True))
        ]
        menu = {"buttons": buttons, "direction": "down", "showactive": True}
        figure.update_layout(updatemenus=[menu], margin={"t": 48})
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


def _look_at_front(view: View, axes: tuple[str, str]) -> dict[str, Any]:
    """Return titles and ranges of the axes, and how many trials lie outside of them.

    Trials far behind would squeeze the front into a corner; each axis shows more than half of all.
    """
    outside: set[str] = set()
    layout: dict[str, Any] = {}
    for axis, name in zip(("xaxis", "yaxis"), axes, strict=True):
        every = {row["trial"]: _value(view, name, row) for row in view.rows}
        front = [every[row["trial"]] for row in view.rows if row["on_front"]]
        low = min(front) - max(2 * (max(front) - min(front)), 1.0)
        low = min(low, sorted(every.values())[int(_HIDDEN * len(every))])
        outside |= {trial for trial, value in every.items() if value < low}
        low, high = max(low, min(every.values())), max(every.values())
        room = 0.06 * (high - low) or 1.0
        layout[f"{axis}.range"] = [low - room, high + room]
        layout[f"{axis}.title.text"] = marks.measure_axis(view, name)
    verb = "is" if len(outside) == 1 else "are"
    text = f"{len(outside)} of {len(view.rows)} trials {verb} further behind" if outside else ""
    return {**layout, "annotations[0].text": text}


def _value(view: View, name: str, row: Row) -> float:
    value = marks.values(view, name, [row])[0]
    assert value is not None, name
    return value
