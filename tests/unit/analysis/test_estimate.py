"""Student's t interval of a mean over seeds."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.analysis.estimate import Estimate, estimate

# Student's t, 97.5 %: 1, 2 and 4 degrees of freedom (any printed table).
T1, T2, T4 = 12.7062, 4.30265, 2.77645


@pytest.mark.parametrize(
    ("values", "mean", "half"),
    [
        ([1.0, 3.0], 2.0, T1 * np.sqrt(2) / np.sqrt(2)),
        ([1.0, 2.0, 3.0], 2.0, T2 / np.sqrt(3)),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 3.0, T4 * np.sqrt(2.5) / np.sqrt(5)),
        ([0.5, 0.5, 0.5], 0.5, 0.0),
    ],
)
def test_interval_is_students_t(values: list[float], mean: float, half: float) -> None:
    found = estimate(values)
    assert found.mean == pytest.approx(mean)
    assert found.low == pytest.approx(mean - half, rel=1e-4)
    assert found.high == pytest.approx(mean + half, rel=1e-4)


def test_one_value_has_no_interval() -> None:
    assert estimate([2.0]) == Estimate((2.0,), 2.0, None, None)
    assert estimate([2.0]).half_width is None


def test_interval_covers_the_truth_at_its_rate() -> None:
    generator = np.random.default_rng(0)
    rounds, truth = 4000, 0.018
    hits = sum(
        found.low <= truth <= found.high
        for found in (estimate(list(generator.normal(truth, 0.01, 3))) for _ in range(rounds))
        if found.low is not None and found.high is not None
    )
    # Standard error 0.35 %: four of them either way.
    assert abs(hits / rounds - 0.95) < 0.014
