from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_every_cell_is_in_its_place(views: Mapping[str, View]) -> None:
    view = views["depth_weights"]
    (heat,) = FIGURES["depth_weights"](view).data
    cells = [
        (depth, value, text)
        for depth, line, numbers in zip(heat.y, heat.z, heat.text, strict=True)
        for value, text in zip(line, numbers, strict=True)
        if value is not None
    ]
    assert cells == [(r["depth"], r["mean"], str(r["trials"])) for r in view.rows]


def test_a_menu_offers_the_tasks_that_matter_most(many: Mapping[str, View]) -> None:
    figure = FIGURES["depth_weights"](many["depth_weights"])
    assert len(figure.layout.updatemenus[0].buttons) == 12
    assert [trace.visible for trace in figure.data].count(True) == 1
