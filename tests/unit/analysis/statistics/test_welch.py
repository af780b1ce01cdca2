"""Welch over seeds, against SciPy's own test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.welch import seed_difference


@pytest.mark.parametrize("seeds", [(2, 2), (3, 10), (10, 3), (5, 5)])
def test_it_is_the_test_of_scipy(seeds: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    ours, theirs = random.normal(1.0, 2.0, seeds[0]), random.normal(0.0, 0.5, seeds[1])
    found = seed_difference(ours, theirs)
    expected = stats.ttest_ind(ours, theirs, equal_var=False)
    assert found.p_value() == pytest.approx(expected.pvalue)
    assert found.degrees_of_freedom == pytest.approx(expected.df)
    low, high = expected.confidence_interval(0.9)
    assert found.interval(0.9) == pytest.approx((low, high))
    assert (found.seeds, found.items, found.item_variance) == (seeds, 0, 0.0)
    assert found.standard_error == pytest.approx(found.seed_variance**0.5)


def test_order_shift_scale_and_swap() -> None:
    ours, theirs = np.array([0.5, 0.75, 1.0]), np.array([0.25, 0.5])
    found = seed_difference(ours, theirs)
    assert seed_difference(ours[::-1], theirs + 0.0) == found
    assert seed_difference(ours + 2.0, theirs + 2.0) == found
    assert seed_difference(4.0 * ours, 4.0 * theirs) == found.scaled(4.0)
    assert replace(seed_difference(theirs, ours), seeds=(3, 2)) == found.scaled(-1.0)


@pytest.mark.parametrize("seeds", [(1, 1), (1, 5), (5, 1)])
def test_of_one_seed_nothing_is_said(seeds: tuple[int, int]) -> None:
    found = seed_difference(np.full(seeds[0], 0.75), np.full(seeds[1], 0.5))
    assert found == Difference(0.25, None, None, seeds, 0)


@pytest.mark.parametrize("value", [0.0, 0.1, 0.7])
def test_constants_have_no_spread(value: float) -> None:
    found = seed_difference(np.full(3, value + 0.2), np.full(7, value))
    assert not found.has_spread
    assert found.p_value() is None
    assert found.interval() == pytest.approx((0.2, 0.2))
    # One side that always ends alike says nothing against the other.
    assert seed_difference([0.1, 0.2], [0.1, 0.1]).degrees_of_freedom == pytest.approx(1.0)
