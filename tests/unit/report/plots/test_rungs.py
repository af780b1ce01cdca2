from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_the_map_has_the_objective_on_top(views: Mapping[str, View]) -> None:
    view = views["rungs"]
    (heat,) = FIGURES["rungs"](view).data
    assert list(heat.y) == ["right", "left", "objective"]
    values = {row["of"]: row["correlation"] for row in view.rows}
    assert [line[0] for line in heat.z] == [values[name] for name in heat.y]


def test_many_tasks_are_a_distribution(many: Mapping[str, View]) -> None:
    view = many["rungs"]
    box, marks = FIGURES["rungs"](view).data
    shared = [row for row in view.rows if not row["arm"].startswith("single/")]
    assert len(box.y) == sum(row["of"] != "objective" for row in shared)
    assert list(marks.y) == [r["correlation"] for r in shared if r["of"] == "objective"]
