"""The expected best after k of N trials: all subsets, exact fractions, invariances."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest

from mtl_search.analysis.statistics.expected_maximum import expected_maximum


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_it_is_the_mean_over_all_subsets(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count).round(1)  # some are equal
    expected = [
        np.mean([max(subset) for subset in combinations(values, k)]) for k in range(1, count + 1)
    ]
    assert expected_maximum(values) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("k", [1, 2, 30, 500, 999, 1000])
def test_it_keeps_its_digits_with_a_thousand_trials(k: int) -> None:
    values = np.random.default_rng(0).normal(size=1000)
    exact = sum(
        Fraction(float(value)) * comb(i, k - 1) for i, value in enumerate(np.sort(values))
    ) / comb(1000, k)
    assert expected_maximum(values)[k - 1] == pytest.approx(float(exact), rel=1e-12, abs=1e-14)


def test_it_begins_at_the_mean_ends_at_the_best_and_rises_ever_less() -> None:
    values = np.random.default_rng(1).normal(size=50)
    found = expected_maximum(values)
    assert found[0] == pytest.approx(values.mean())
    assert found[-1] == values.max()
    assert (np.diff(found) > 0).all()
    assert (np.diff(found, n=2) < 1e-12).all()


def test_order_shift_and_scale() -> None:
    values = np.random.default_rng(2).normal(size=9)
    found = expected_maximum(values)
    assert (expected_maximum(values[::-1]) == found).all()
    assert expected_maximum(3 * values + 5) == pytest.approx(3 * found + 5)
    assert expected_maximum([0.25] * 4).tolist() == [0.25] * 4
