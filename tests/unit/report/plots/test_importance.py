from __future__ import annotations

from mtl_search.analysis.views import View
from mtl_search.analysis.views.view import Column
from mtl_search.report.plots import FIGURES

COLUMNS = [Column("setting", "setting"), Column("importance", "importance"), Column("arm", "arm")]


def test_bars_by_arm_with_the_most_important_on_top() -> None:
    rows = [
        {"setting": "lr", "importance": 0.7, "arm": "search"},
        {"setting": "depth", "importance": 0.3, "arm": "search"},
        {"setting": "lr", "importance": 1.0, "arm": "equal"},
    ]
    figure = FIGURES["importance"](View("importance", "", "", COLUMNS, rows))
    search, equal = figure.data
    assert (list(search.x), list(search.y)) == ([0.7, 0.3], ["lr", "depth"])
    assert (list(equal.x), list(equal.y)) == ([1.0], ["lr"])
    assert list(figure.layout.yaxis.categoryarray) == ["depth", "lr"]  # from below


def test_of_many_settings_the_first_twenty_are_drawn() -> None:
    rows = [{"setting": f"s{i}", "importance": i / 100, "arm": "search"} for i in range(50)]
    figure = FIGURES["importance"](View("importance", "", "", COLUMNS, rows))
    assert len(figure.data[0].x) == 20
    assert "s49" in figure.data[0].y
