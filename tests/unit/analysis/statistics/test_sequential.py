"""The level of each look: printed tables, integration by another way, and the error it keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import special, stats

from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.sequential import _solved, nominal_level
from mtl_search.analysis.statistics.two_way import crossed_difference
from mtl_search.analysis.statistics.welch import seed_difference
from tests.support.compared_runs import Scores, World


def boundary(level: float, looks: Sequence[int]) -> float:
    return float(special.ndtri((1 + nominal_level(level, looks)) / 2))


# Jennison and Turnbull (2000), Table 2.1: Pocock's constants for equal steps.
@pytest.mark.parametrize(
    ("level", "count", "constant"),
    [
        (0.95, 1, 1.960),
        (0.95, 2, 2.178),
        (0.95, 3, 2.289),
        (0.95, 4, 2.361),
        (0.95, 5, 2.413),
        (0.95, 10, 2.555),
        (0.90, 2, 1.875),
        (0.99, 2, 2.772),
    ],
)
def test_the_constants_of_pocock(level: float, count: int, constant: float) -> None:
    assert boundary(level, range(5, 5 * count + 1, 5)) == pytest.approx(constant, abs=6e-4)


@pytest.mark.parametrize("looks", [(5, 10), (3, 4), (2, 50), (99, 100)])
def test_two_looks_by_the_bivariate_normal_distribution(looks: tuple[int, int]) -> None:
    c, correlation = boundary(0.95, looks), (looks[0] / looks[1]) ** 0.5
    normal = stats.multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    inside = normal.cdf([c, c], lower_limit=[-c, -c])
    assert inside == pytest.approx(0.95, abs=1e-6)


@pytest.mark.parametrize("looks", [(3, 5, 10), (5, 6, 7, 20), (18, 19, 20)])
def test_more_looks_by_simulation(looks: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    walk = random.normal(size=(100_000, max(looks))).cumsum(axis=1)
    z = np.stack([walk[:, k - 1] / k**0.5 for k in looks])
    inside = (np.abs(z) < boundary(0.95, looks)).all(axis=0).mean()
    assert inside == pytest.approx(0.95, abs=0.003)


def test_between_one_look_and_bonferroni() -> None:
    for looks in ((5, 10), (5, 6), (5, 5000), (998, 999, 1000)):
        assert 0.95 < nominal_level(0.95, looks) < 1 - 0.05 / len(looks)
    # Looks that are more alike need less.
    levels = [nominal_level(0.95, (5, later)) for later in (6, 10, 20, 100)]
    assert levels == sorted(levels)


def test_equal_looks_are_one_and_their_order_does_not_matter() -> None:
    assert nominal_level(0.95, (5,)) == nominal_level(0.95, [5, 5]) == 0.95
    assert nominal_level(0.95, (10, 5, 5)) == nominal_level(0.95, (5, 10))


def test_it_takes_milliseconds() -> None:
    nominal_level(0.95, (5, 10))
    _solved.cache_clear()
    begin = time.process_time()
    nominal_level(0.95, (5, 10))
    first = time.process_time() - begin
    assert first < 0.1
    assert _solved.cache_info().currsize == 1


PURE = World(seed=1.0, preference=0.0, interaction=0.0)  # seeds alone make the difference


def seeds_alone(ours_SN: Scores, theirs_SN: Scores) -> Difference:
    return seed_difference(ours_SN.mean(axis=1), theirs_SN.mean(axis=1))


def wrong(
    method: Callable[[Scores, Scores], Difference], world: World, items: int, level: float
) -> float:
    """Share of draws in which any look, at 5 and at 10 seeds, leaves out the true difference."""
    random = np.random.default_rng(0)
    errors = 0
    for _ in range(2000):
        ours, theirs = world.draw(random, (10, 10), items)
        ends = [method(ours[:k], theirs[:k]).interval(level) for k in (5, 10)]
        errors += any(not low <= 0 <= high for low, high in (end or (0, 0) for end in ends))
    return errors / 2000


@pytest.mark.parametrize(
    ("method", "world", "items"),
    [
        (seeds_alone, PURE, 2),
        (crossed_difference, World(seed=0.1), 100),
        (crossed_difference, World(seed=0.1, preference=0.0), 100),
        (crossed_difference, World(seed=0.1, threshold=-0.8), 100),
    ],
    ids=["seeds alone", "crossed", "crossed, mostly seeds", "right or wrong"],
)
def test_looking_twice_keeps_the_error(
    method: Callable[[Scores, Scores], Difference], world: World, items: int
) -> None:
    assert wrong(method, world, items, nominal_level(0.95, (5, 10))) < 0.06


def test_looking_twice_without_it_does_not() -> None:
    assert wrong(seeds_alone, PURE, 2, 0.95) > 0.065
