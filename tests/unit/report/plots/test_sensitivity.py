from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_points_are_the_rows_and_the_line_the_means(views: Mapping[str, View]) -> None:
    view = views["sensitivity"]
    equal, search, line = FIGURES["sensitivity"](view).data
    drawn = sorted([*zip(equal.x, equal.y, strict=True), *zip(search.x, search.y, strict=True)])
    assert drawn == sorted((row["ratio"], row["skill"]) for row in view.rows)
    assert list(line.y) == [point["mean"] for point in view.about["means"]["right"]]


def test_of_many_tasks_the_strongest_are_offered(many: Mapping[str, View]) -> None:
    view = many["sensitivity"]
    menu = FIGURES["sensitivity"](view).layout.updatemenus[0]
    strengths = {task: abs(value) for task, value in view.about["correlation"].items()}
    strongest = max(strengths, key=lambda task: strengths[task])
    assert menu.buttons[0].label.startswith(strongest)
    assert len(menu.buttons) == 12


def test_numbers_at_the_axis_are_whole_ratios(views: Mapping[str, View]) -> None:
    """Without the powers of ten 0.2 and 2 would read the same."""
    axis = FIGURES["sensitivity"](views["sensitivity"]).layout.xaxis
    assert {0.2, 0.5, 1.0, 2.0, 5.0} <= set(axis.tickvals)
