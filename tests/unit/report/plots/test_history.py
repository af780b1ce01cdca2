from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_points_and_steps_of_the_shared_arms(views: Mapping[str, View]) -> None:
    view = views["history"]
    figure = FIGURES["history"](view)
    assert [trace.legendgroup for trace in figure.data] == ["equal", "equal", "search", "search"]
    rows = [row for row in view.rows if row["arm"] == "search"]
    points, steps = figure.data[2:]
    assert list(points.y) == [row["objective"] for row in rows]
    assert list(steps.y) == [row["best"] for row in rows]
    assert list(steps.x) == [row["number"] + 1 for row in rows]


def test_single_tasks_are_shown_where_there_is_nothing_else(views: Mapping[str, View]) -> None:
    view = views["history"]
    rows = [row for row in view.rows if row["arm"].startswith("single/")]
    figure = FIGURES["history"](View("history", "", "", view.columns, rows))
    assert {trace.legendgroup for trace in figure.data} == {"single/left", "single/right"}
