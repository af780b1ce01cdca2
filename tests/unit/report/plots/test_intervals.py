from __future__ import annotations

from collections.abc import Mapping

import pytest

from mtl_search.analysis.views import View
from mtl_search.analysis.views.view import Column
from mtl_search.report.plots import FIGURES
from mtl_search.report.plots.intervals import intervals_figure

ROW = {"low": -0.01, "high": 0.05, "p_value": None}


@pytest.mark.parametrize("name", ["auxiliary", "delta_m_by_task"])
def test_what_is_claimed_is_filled(name: str) -> None:
    rows = [
        {**ROW, "task": "a", "gain": 0.02, "holds": True},
        {**ROW, "task": "b", "gain": 0.01, "holds": None},
        {**ROW, "task": "c", "gain": None, "holds": None},
    ]
    view = View(name, "", "", [Column("gain", "gain", "points")], rows)
    claimed, other = FIGURES[name](view).data
    assert (list(claimed.y), claimed.marker.symbol) == (["a"], "circle")
    assert (list(other.y), other.marker.symbol) == (["b"], "circle-open")


def test_marks_and_bars_are_the_rows(views: Mapping[str, View]) -> None:
    view = views["delta_m_by_task"]
    figure = intervals_figure(view)
    drawn = {
        task: (x, x - down, x + up)
        for trace in figure.data
        for task, x, down, up in zip(
            trace.y, trace.x, trace.error_x.arrayminus, trace.error_x.array, strict=True
        )
    }
    assert set(drawn) == {"left", "right"}
    for row in view.rows:
        expected = [100 * row[name] for name in ("gain", "low", "high")]
        assert all(abs(a - b) < 1e-9 for a, b in zip(drawn[row["task"]], expected, strict=True))


def test_of_many_tasks_the_five_best_and_worst_are_named(many: Mapping[str, View]) -> None:
    view = many["delta_m_by_task"]
    figure = intervals_figure(view)
    order = list(figure.layout.yaxis.categoryarray)
    ranked = sorted(view.rows, key=lambda row: row["gain"])
    assert order[:5] == [row["task"] for row in ranked[:5]]
    assert order[6:] == [row["task"] for row in ranked[-5:]]
    box = figure.data[-1]
    assert (order[5], len(box.x)) == ("all 40 tasks", 40)
