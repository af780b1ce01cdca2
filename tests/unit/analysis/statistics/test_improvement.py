"""Probability of improvement: pair by pair, by simulation, and its limits."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from mtl_search.analysis.statistics.improvement import (
    probability_of_improvement,
    probability_over_seeds,
)
from tests.support.compared_runs import World

OURS, THEIRS = World(seed=0.1).draw(np.random.default_rng(0), (3, 5), 40)


def test_it_is_the_mean_over_pairs() -> None:
    shares = []
    for our in OURS:
        for their in THEIRS:
            d = our - their
            shares.append(NormalDist().cdf(d.mean() / (d.std(ddof=1) / 40**0.5)))
    assert probability_of_improvement(OURS, THEIRS) == pytest.approx(np.mean(shares))


def test_it_is_the_share_of_resampled_test_splits_on_which_ours_is_ahead() -> None:
    random = np.random.default_rng(0)
    ahead = []
    for _ in range(4000):
        items = random.integers(40, size=40)
        our = OURS[random.integers(3), items].mean()
        their = THEIRS[random.integers(5), items].mean()
        ahead.append(our > their)
    assert probability_of_improvement(OURS, THEIRS) == pytest.approx(np.mean(ahead), abs=0.03)


def test_order_shift_scale_and_swap() -> None:
    found = probability_of_improvement(OURS, THEIRS)
    assert 0.1 < found < 0.9
    items = np.random.default_rng(1).permutation(40)
    same = (OURS[::-1, items] * 3 + 1, THEIRS[::-1, items] * 3 + 1)
    assert probability_of_improvement(*same) == pytest.approx(found)
    assert probability_of_improvement(THEIRS, OURS) == pytest.approx(1 - found)
    assert probability_of_improvement(OURS + 0.1, THEIRS) > found


def test_certain_and_equal_runs() -> None:
    runs = np.random.default_rng(2).random((4, 30))
    assert probability_of_improvement(runs[:1], runs[:1]) == 0.5
    assert probability_of_improvement(runs[:1] + 0.1, runs[:1]) == 1.0
    assert probability_of_improvement(runs[:1] - 0.1, runs[:1]) == 0.0
    assert probability_of_improvement([[1.0]], [[0.5]]) == 1.0  # one item
    assert probability_of_improvement(runs, runs) == pytest.approx(0.5)


@pytest.mark.parametrize("number", range(5))
def test_over_seeds_it_is_the_statistic_of_mann_and_whitney(number: int) -> None:
    random = np.random.default_rng(number)
    ours, theirs = random.normal(0.5, 1, 6).round(), random.normal(0, 1, 4).round()  # with ties
    expected = stats.mannwhitneyu(ours, theirs).statistic / 24
    assert probability_over_seeds(ours, theirs) == pytest.approx(expected)


def test_over_seeds_rounding_is_a_tie() -> None:
    assert probability_over_seeds([0.1 + 0.2], [0.3]) == 0.5
