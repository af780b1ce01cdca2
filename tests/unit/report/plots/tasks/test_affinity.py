from __future__ import annotations

from mtl_search.analysis.views import View
from mtl_search.report.plots import FIGURES


def test_the_matrix_has_gaps_and_colours_are_symmetric_between_tasks() -> None:
    rows = [
        {"from": "a", "to": "a", "affinity": 0.5},
        {"from": "a", "to": "b", "affinity": -0.1},
        {"from": "b", "to": "b", "affinity": 0.4},
    ]
    heat = FIGURES["affinity"](View("affinity", "", "", [], rows)).data[0]
    assert [list(row) for row in heat.z] == [[0.5, -0.1], [None, 0.4]]
    assert (heat.zmin, heat.zmax) == (-0.1, 0.1)
