"""A difference: Student's t against SciPy's own, and what it would be with other sizes."""

from __future__ import annotations

import math
from dataclasses import astuple, replace

import numpy as np
import pytest
from scipy import stats

from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.two_way import crossed_difference
from mtl_search.analysis.statistics.welch import seed_difference
from tests.support.compared_runs import World

GAIN = Difference(0.02, 0.005, 8.0, seeds=(5, 5), items=0, seed_variance=2.5e-5)


def crossed(seeds: tuple[int, int], items: int, draw: int = 0) -> Difference:
    return crossed_difference(*World(seed=0.1).draw(np.random.default_rng(draw), seeds, items))


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.9706])
@pytest.mark.parametrize("degrees", [1.0, 2.46, 8.0, 1e7])
def test_the_interval_and_the_p_value_are_those_of_scipy(level: float, degrees: float) -> None:
    difference = replace(GAIN, degrees_of_freedom=degrees)
    expected = stats.t.interval(level, degrees, 0.02, 0.005)
    assert difference.interval(level) == pytest.approx(expected, rel=1e-9)
    assert difference.p_value() == pytest.approx(2 * stats.t.sf(4.0, degrees), rel=1e-9)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_interval_leaves_out_0_where_the_p_value_is_below_its_level(level: float) -> None:
    for mean in np.linspace(-0.02, 0.02, 41):
        difference = replace(GAIN, mean=float(mean))
        interval, p_value = difference.interval(level), difference.p_value()
        assert interval is not None
        assert p_value is not None
        assert (interval[0] > 0 or interval[1] < 0) == (p_value < 1 - level)


def test_without_a_standard_error_nothing_is_said() -> None:
    unknown = Difference(0.02, None, None, seeds=(1, 5), items=200)
    assert (unknown.interval(), unknown.p_value(), unknown.has_spread) == (None, None, False)
    assert unknown.scaled(2.0) == replace(unknown, mean=0.04)


@pytest.mark.parametrize("error", [0.0, 1e-17, math.nan])
def test_without_a_spread_there_is_no_p_value(error: float) -> None:
    difference = replace(GAIN, standard_error=error)
    assert (difference.p_value(), difference.has_spread) == (None, False)


@pytest.mark.parametrize("factor", [100.0, -0.5])
def test_scaling_is_that_of_the_scores(factor: float) -> None:
    ours, theirs = World().draw(np.random.default_rng(0), (3, 4), 50)
    scaled = crossed_difference(ours, theirs).scaled(factor)
    again = crossed_difference(factor * ours, factor * theirs)
    assert scaled.seeds == again.seeds
    numbers = [
        (d.mean, d.standard_error, d.seed_variance, d.item_variance, d.interaction_variance)
        for d in (scaled, again)
    ]
    assert numbers[0] == pytest.approx(numbers[1])


@pytest.mark.parametrize("seeds", [(3, 3), (3, 7)])
@pytest.mark.parametrize("draw", range(5))
def test_its_own_size_changes_nothing(seeds: tuple[int, int], draw: int) -> None:
    for now in (crossed(seeds, 40, draw), seed_difference([1, 2, 4], [1, 3, 3, 0])):
        numbers = [value for value in astuple(now) if not isinstance(value, tuple)]
        again = [value for value in astuple(now.resized()) if not isinstance(value, tuple)]
        assert again == pytest.approx(numbers, rel=1e-12)


def test_more_seeds_leave_the_variance_of_items_and_more_items_that_of_seeds() -> None:
    now = Difference(
        0.0,
        math.sqrt(16.0),
        6.0,
        seeds=(4, 4),
        items=100,
        seed_variance=8.0,
        item_variance=8.0,
        interaction_variance=4.0,
    )
    more_seeds, more_items = now.resized(seeds=8), now.resized(items=200)
    assert more_seeds.standard_error == pytest.approx(math.sqrt(4.0 + 4.0 + 2.0))
    assert more_items.standard_error == pytest.approx(math.sqrt(8.0 + 2.0 + 2.0))
    for of_one, of_other in (
        (more_seeds.resized(items=200), more_items.resized(seeds=8)),
        (more_seeds.resized(seeds=4), now),
    ):
        assert of_one.standard_error == pytest.approx(of_other.standard_error)
        assert of_one.degrees_of_freedom == pytest.approx(of_other.degrees_of_freedom)


def test_degrees_of_freedom_tend_to_those_of_the_part_that_stays() -> None:
    now = crossed((5, 5), 100)
    many_seeds = now.resized(seeds=10_000_000)
    assert many_seeds.degrees_of_freedom == pytest.approx(99.0, rel=1e-3)
    only_seeds = seed_difference([1.0, 2.0, 4.0], [2.0, 3.0, 5.0])
    assert only_seeds.degrees_of_freedom == pytest.approx(4.0)
    assert only_seeds.resized(seeds=11).degrees_of_freedom == pytest.approx(20.0)


def test_a_small_part_of_the_seeds_has_no_fewer_degrees_than_it_would_alone() -> None:
    few = [
        crossed_difference(*World().draw(np.random.default_rng(n), (5, 5), 20)) for n in range(9)
    ]
    assert min(float(d.resized(items=10**7).degrees_of_freedom or 0) for d in few) == 4.0


@pytest.mark.parametrize(("seeds", "items"), [(15, 100), (5, 400), (20, 200)])
def test_the_prediction_is_what_the_other_size_shows(seeds: int, items: int) -> None:
    # The mean variance over draws, since one draw's is far off with five seeds.
    small = [crossed((5, 5), 100, draw).resized(seeds=seeds, items=items) for draw in range(300)]
    large = [crossed((seeds, seeds), items, draw) for draw in range(300)]
    predicted, seen = (
        np.mean([np.square(float(d.standard_error or 0.0)) for d in side])
        for side in (small, large)
    )
    assert predicted == pytest.approx(seen, rel=0.06)
