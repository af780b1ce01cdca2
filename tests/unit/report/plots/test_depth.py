from __future__ import annotations

from collections.abc import Mapping

import pytest

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_points_stand_beside_their_depth(views: Mapping[str, View]) -> None:
    view = views["depth"]
    figure = FIGURES["depth"](view)
    assert list(figure.layout.xaxis.ticktext) == ["0", "1", "2"]
    for trace in figure.data[:4]:
        rows = [row for row in view.rows if row["arm"] == trace.name]
        places = [round(x) for x in trace.x]
        assert places == [int(row["depth"]) for row in rows]
    assert list(figure.data[0].y) == [r["skill"] for r in view.rows if r["arm"] == "equal"]


def test_lines_are_best_and_mean(views: Mapping[str, View]) -> None:
    view = views["depth"]
    best, mean = FIGURES["depth"](view).data[-2:]
    assert list(best.y) == pytest.approx([group["best"] for group in view.about["depths"]])
    assert list(mean.y) == pytest.approx([group["mean"] for group in view.about["depths"]])
