"""The difference of two networks on other test items: what its interval covers."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.analysis.statistics.independent import independent_difference
from mtl_search.analysis.statistics.two_way import crossed_difference


def scores(generator: np.random.Generator, seeds: int, items: int, level: float) -> np.ndarray:
    """Scores with parts of the seed, of the item, and of both."""
    seed_S = generator.normal(0, 0.05, seeds)
    item_N = generator.normal(0, 1.0, items)
    noise_SN = generator.normal(0, 0.5, (seeds, items))
    return level + seed_S[:, None] + item_N + noise_SN


def test_the_mean_is_that_of_both_sides() -> None:
    difference = independent_difference([[1, 0], [1, 1]], [[0, 0, 1], [0, 0, 0]])
    assert difference.mean == pytest.approx(0.75 - 1 / 6)
    assert (difference.seeds, difference.items) == ((2, 2), 0)


def test_one_seed_has_no_interval() -> None:
    difference = independent_difference([[1, 0, 1]], [[0, 0, 1], [1, 0, 0]])
    assert difference.interval() is None


def test_swapping_the_sides_changes_the_sign_alone() -> None:
    generator = np.random.default_rng(0)
    ours, theirs = scores(generator, 3, 40, 0.5), scores(generator, 5, 60, 0.0)
    one, other = independent_difference(ours, theirs), independent_difference(theirs, ours)
    assert one.mean == pytest.approx(-other.mean)
    assert one.standard_error == pytest.approx(other.standard_error)
    assert one.degrees_of_freedom == pytest.approx(other.degrees_of_freedom)


def test_the_interval_covers_the_true_difference_in_95_percent() -> None:
    """Other items on each side: the crossed interval of shared items would be far too narrow."""
    generator = np.random.default_rng(1)
    covered = crossed = 0
    for _ in range(400):
        ours, theirs = scores(generator, 4, 60, 0.0), scores(generator, 4, 60, 0.0)
        low, high = independent_difference(ours, theirs).interval() or (0, 0)
        covered += low < 0 < high
        # The same item effects on both sides, as in a shared test split.
        shared = theirs - theirs.mean(axis=0) + ours.mean(axis=0)
        one, other = crossed_difference(ours, shared), independent_difference(ours, shared)
        crossed += (one.standard_error or 0) < (other.standard_error or 0)
    assert 0.92 <= covered / 400 <= 0.985
    assert crossed == 400
