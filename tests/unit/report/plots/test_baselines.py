from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_a_mark_a_model_and_task(views: Mapping[str, View]) -> None:
    view = views["baselines"]
    figure = FIGURES["baselines"](view)
    assert [trace.name for trace in figure.data] == ["single", "shared"]
    for trace in figure.data:
        assert list(trace.x) == [row[f"skill/{trace.name}"] for row in view.rows]
        assert list(trace.y) == [row["task"] for row in view.rows]


def test_many_tasks_are_boxes(many: Mapping[str, View]) -> None:
    figure = FIGURES["baselines"](many["baselines"])
    assert [(trace.type, len(trace.x)) for trace in figure.data] == [("box", 40), ("box", 40)]
