from __future__ import annotations

import itertools
import statistics

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.expected_maximum import expected_maximum
from tests.support.varied_sweeps import accuracy, skill


def test_the_curve_is_the_mean_over_all_subsets(evidence: Evidence) -> None:
    view = expected_maximum(evidence)
    assert view is not None
    values = [skill(accuracy(depth, 1.0)) for depth in (0, 1, 2)]
    rows = [row for row in view.rows if row["arm"] == "equal"]
    assert [row["epochs"] for row in rows] == [3, 6, 9]
    for row in rows:
        subsets = itertools.combinations(values, row["trials"])
        assert row["skill"] == pytest.approx(statistics.fmean(map(max, subsets)))


def test_single_task_arms_are_one_curve(evidence: Evidence) -> None:
    """Both tasks have trials of 0.75 and 0.8, of three epochs each."""
    view = expected_maximum(evidence)
    assert view is not None
    rows = [row for row in view.rows if row["arm"] == "single"]
    assert [row["epochs"] for row in rows] == [6, 12]
    expected = [skill(0.775), skill(0.8)]
    assert [row["skill"] for row in rows] == pytest.approx(expected)
