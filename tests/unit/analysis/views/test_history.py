from __future__ import annotations

from itertools import accumulate

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.history import history
from tests.support.varied_sweeps import accuracy, skill


def test_the_best_so_far_only_rises(evidence: Evidence) -> None:
    view = history(evidence)
    assert view is not None
    for arm in ("equal", "search", "single/left"):
        rows = [row for row in view.rows if row["arm"] == arm]
        assert [row["number"] for row in rows] == list(range(len(rows)))
        assert [row["best"] for row in rows] == list(
            accumulate((row["objective"] for row in rows), max)
        )
    best = max(row["best"] for row in view.rows if row["arm"] == "search")
    assert best == pytest.approx(skill(accuracy(2, 4.0)))
    assert "search found its best objective, 0.6800, with trial 9 of 13" in view.summary
