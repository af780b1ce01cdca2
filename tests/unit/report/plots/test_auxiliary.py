from __future__ import annotations

from mtl_search.analysis.views import View
from mtl_search.analysis.views.view import Column
from mtl_search.report.plots import FIGURES

ROW = {"low": -0.01, "high": 0.05, "p_value": None}


def test_what_is_claimed_is_filled() -> None:
    rows = [
        {**ROW, "task": "a", "gain": 0.02, "holds": True},
        {**ROW, "task": "b", "gain": 0.01, "holds": None},
        {**ROW, "task": "c", "gain": None, "holds": None},
    ]
    view = View("auxiliary", "", "", [Column("gain", "gain", "points")], rows)
    claimed, other = FIGURES["auxiliary"](view).data
    assert (list(claimed.y), claimed.marker.symbol) == (["a"], "circle")
    assert (list(other.y), other.marker.symbol) == (["b"], "circle-open")
