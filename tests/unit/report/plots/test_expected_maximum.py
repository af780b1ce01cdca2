from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_a_curve_an_arm(views: Mapping[str, View]) -> None:
    view = views["expected_maximum"]
    figure = FIGURES["expected_maximum"](view)
    assert [trace.name for trace in figure.data] == ["equal", "search", "single"]
    for trace in figure.data:
        rows = [row for row in view.rows if row["arm"] == trace.name]
        assert list(trace.x) == [row["epochs"] for row in rows]
        assert list(trace.y) == [row["skill"] for row in rows]
