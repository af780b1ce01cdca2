from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_two_tasks_are_the_axes(views: Mapping[str, View]) -> None:
    view = views["pareto"]
    figure = FIGURES["pareto"](view)
    points = {(x, y) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)}
    assert points == {(100 * r["gain/left"], 100 * r["gain/right"]) for r in view.rows}
    assert not figure.layout.updatemenus


def test_of_more_tasks_it_is_the_mean_against_the_worst(many: Mapping[str, View]) -> None:
    view = many["pareto"]
    figure = FIGURES["pareto"](view)
    shown = [trace for trace in figure.data if trace.visible]
    points = {(x, y) for trace in shown for x, y in zip(trace.x, trace.y, strict=True)}
    assert points == {(100 * row["mean"], 100 * row["worst"]) for row in view.rows}
    assert len(figure.layout.updatemenus[0].buttons) == 2


def test_trials_far_behind_do_not_squeeze_the_front(views: Mapping[str, View]) -> None:
    """They are counted in the picture."""
    view = views["pareto"]
    bad = {
        **view.rows[-1],
        "trial": "bad",
        "on_front": False,
        "gain/left": -9.0,
        "gain/right": -9.0,
    }
    worse = View("pareto", "", "", view.columns, [*view.rows, bad], "", view.about)
    figure = FIGURES["pareto"](worse)
    assert figure.layout.xaxis.range[0] > -900
    (note,) = figure.layout.annotations
    hidden, _, rest = note.text.partition(" of ")
    assert rest.startswith(f"{len(worse.rows)} trials")
    assert 1 <= int(hidden) <= 2 * 0.45 * len(worse.rows)
    assert (note.y, note.yanchor) == (1, "bottom")  # above the plot, where it hides nothing
    assert figure.layout.margin.t >= 32


def test_the_menu_changes_points_axes_and_ranges_together(many: Mapping[str, View]) -> None:
    view = many["pareto"]
    first, second = FIGURES["pareto"](view).layout.updatemenus[0].buttons
    for button, names in ((first, ["mean", "worst"]), (second, None)):
        traces, layout = button.args
        assert traces["visible"].count(True) == 4
        wanted = names or [f"gain/{task}" for task in view.about["opposed"]]
        for axis, name in zip(("xaxis", "yaxis"), wanted, strict=True):
            low, high = layout[f"{axis}.range"]
            values = [100 * row[name] for row in view.rows if row["on_front"]]
            assert low < min(values)
            assert max(values) < high
