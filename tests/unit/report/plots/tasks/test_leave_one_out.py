from __future__ import annotations

from mtl_search.analysis.views import Column, View
from mtl_search.report.plots import FIGURES

COLUMNS = [Column(name, name, "points") for name in ("gain", "low", "high")]


def test_means_come_in_order_with_their_intervals() -> None:
    rows = [
        {"without": "a", "task": "mean", "gain": 0.01, "high": 0.03},
        {"without": "a", "task": "b", "gain": 0.5, "high": 0.6},
        {"without": "b", "task": "mean", "gain": 0.02, "high": None},
    ]
    points = FIGURES["leave_one_out"](View("leave_one_out", "", "", COLUMNS, rows)).data[0]
    assert (list(points.x), list(points.y)) == ([2.0, 1.0], ["b", "a"])
    assert [round(x, 9) for x in points.error_x.array] == [0.0, 2.0]


def test_of_many_tasks_both_ends_are_drawn() -> None:
    rows = [{"without": str(k), "task": "mean", "gain": k, "high": k} for k in range(120)]
    points = FIGURES["leave_one_out"](View("leave_one_out", "", "", [], rows)).data[0]
    assert len(points.y) == 24
    assert (points.y[0], points.y[-1]) == ("119", "0")
