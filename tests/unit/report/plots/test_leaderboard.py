from __future__ import annotations

from collections.abc import Mapping

import pytest

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_each_configuration_has_a_mark_with_its_band(views: Mapping[str, View]) -> None:
    view = views["leaderboard"]
    figure = FIGURES["leaderboard"](view)
    assert len(figure.data) == len(view.rows)
    for trace, row in zip(figure.data, view.rows, strict=True):
        assert trace.x[0] == row["test_skill"]
        assert trace.x[0] + trace.error_x.array[0] == pytest.approx(row["test_skill_high"])
        assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(row["test_skill_low"])
    assert [trace.marker.symbol == "star" for trace in figure.data].count(True) == 1
    assert figure.data[0].y[0] == "search ✓"
    assert figure.layout.xaxis.title.text == "skill on the test split"
