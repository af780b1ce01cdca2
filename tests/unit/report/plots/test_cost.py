from __future__ import annotations

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_bars_are_the_rows() -> None:
    view = View("cost", "", "", [], [{"arm": "equal", "epochs": 7}, {"arm": "search", "epochs": 9}])
    bar = FIGURES["cost"](view).data[0]
    assert (list(bar.x), list(bar.y)) == ([7, 9], ["equal", "search"])
