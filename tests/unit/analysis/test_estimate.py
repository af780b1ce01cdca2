"""Paired comparison: Student's t over seeds, against SciPy's own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mtl_search.analysis.paired import Comparison, Estimate, compare, difference, estimate

TASKS = {"left": ("accuracy",), "right": ("accuracy",)}


def runs(*values: tuple[float, float], first: int = 0) -> dict[int, dict[str, float]]:
    return {
        index: {"test/left/accuracy": left, "test/right/accuracy": right}
        for index, (left, right) in enumerate(values, start=first)
    }


@pytest.mark.parametrize("count", [2, 3, 5, 30])
def test_the_interval_is_that_of_scipy(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    made = estimate(values.tolist())
    low, high = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
    assert (made.low, made.high) == pytest.approx((low, high), rel=1e-12)
    assert made.half_width == pytest.approx((high - low) / 2)


def test_one_value_has_no_interval() -> None:
    assert estimate([0.5]) == Estimate((0.5,), 0.5, None, None)
    assert estimate([0.5]).half_width is None


def test_only_seeds_that_both_have_are_compared() -> None:
    ours = runs((0.6, 0.6), (0.9, 0.9))
    theirs = runs((0.6, 0.6), (0.5, 0.5), first=1)
    comparison = compare("search", "single", ours, theirs, TASKS)
    assert comparison is not None
    assert comparison.seeds == (1,)
    assert comparison.delta_m.mean == pytest.approx(0.5)
    assert comparison.gains.keys() == TASKS.keys()
    assert compare("search", "single", ours, runs((0.5, 0.5), first=7), TASKS) is None


def test_a_difference_is_taken_seed_by_seed() -> None:
    reference = runs((0.5, 0.5), (0.5, 0.5), (0.5, 0.5))
    ours = compare("search", "single", runs((0.6, 0.6), (0.7, 0.7)), reference, TASKS)
    theirs = compare("equal", "single", runs((0.6, 0.5), (0.5, 0.5), first=1), reference, TASKS)
    assert ours is not None
    assert theirs is not None
    both = difference(ours, theirs)
    assert both is not None
    assert (both.arm, both.against, both.seeds) == ("search", "equal", (1,))
    assert both.delta_m.mean == pytest.approx(0.4 - 0.1)
    assert both.gains["right"].mean == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("values", "sign", "without_spread"),
    [
        ((0.1, 0.11), 1, False),
        ((-0.1, -0.11), -1, False),
        ((0.1, -0.1), 0, False),
        ((0.1, 0.1), 0, True),
        ((0.0, 0.0), 0, False),
        ((0.1,), None, False),
    ],
)
def test_the_sign_is_that_of_the_whole_interval(
    values: tuple[float, ...], sign: int | None, *, without_spread: bool
) -> None:
    made = estimate(values)
    comparison = Comparison("search", "single", tuple(range(len(values))), made, made, {})
    assert (comparison.sign, comparison.without_spread) == (sign, without_spread)
