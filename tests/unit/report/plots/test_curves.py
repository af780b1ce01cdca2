from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_bands_go_once_around_and_lines_are_means(views: Mapping[str, View]) -> None:
    view = views["curves"]
    figure = FIGURES["curves"](view)
    rows = [row for row in view.rows if row["curve"] == "search"]
    band, line = (trace for trace in figure.data if trace.legendgroup == "search")
    assert list(band.y) == [*(r["high"] for r in rows), *(r["low"] for r in rows[::-1])]
    assert list(line.y) == [row["mean"] for row in rows]
    assert line.visible is True


def test_without_fresh_seeds_the_best_trials_are_shown(views: Mapping[str, View]) -> None:
    view = views["curves"]
    trials = [row for row in view.rows if row["of"] == "trial"]
    alone = View("curves", "", "", view.columns, trials, "", view.about)
    figure = FIGURES["curves"](alone)
    assert len(figure.data) == len({row["curve"] for row in trials})
    assert all(trace.visible is True for trace in figure.data)
    hidden = [t for t in FIGURES["curves"](view).data if t.name and t.name.startswith("search-")]
    assert [trace.visible for trace in hidden] == ["legendonly"]
