from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_bars_are_the_rows() -> None:
    rows = [{"arm": "equal", "epochs": 7}, {"arm": "search", "epochs": 9, "full_epochs": 12}]
    spent, saved = FIGURES["cost"](View("cost", "", "", [], rows)).data
    assert (list(spent.x), list(spent.y)) == ([7, 9], ["equal", "search"])
    assert list(saved.x) == [0, 3]


def test_of_many_single_task_arms_there_is_one_bar(many: Mapping[str, View]) -> None:
    view = many["cost"]
    spent = FIGURES["cost"](view).data[0]
    singles = [row["epochs"] for row in view.rows if row["arm"].startswith("single/")]
    assert dict(zip(spent.y, spent.x, strict=True))["single, 40 tasks"] == sum(singles)
    assert sum(spent.x) == sum(row["epochs"] for row in view.rows)
