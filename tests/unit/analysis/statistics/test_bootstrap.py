"""The crossed bootstrap against the formula that it checks.

Shapes: S seeds, N test items.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mtl_search.analysis.statistics.bootstrap import crossed_bootstrap
from mtl_search.analysis.statistics.two_way import crossed_difference
from tests.support.compared_runs import World


@pytest.mark.parametrize(
    "world",
    [World(), World(seed=0.1), World(threshold=-0.8)],
    ids=["items", "seeds and items", "right or wrong"],
)
def test_with_many_seeds_it_is_the_interval_of_the_formula(world: World) -> None:
    ours, theirs = world.draw(np.random.default_rng(0), (20, 20), 200)
    interval = crossed_difference(ours + 0.1, theirs).interval()
    assert interval is not None
    low, high = crossed_bootstrap(ours + 0.1, theirs)
    width = interval[1] - interval[0]
    assert low == pytest.approx(interval[0], abs=0.1 * width)
    assert high == pytest.approx(interval[1], abs=0.1 * width)


def test_items_are_drawn_for_both_sides_alike() -> None:
    ours, theirs = World().draw(np.random.default_rng(0), (3, 5), 30)
    hard_N = 10 * np.random.default_rng(1).normal(size=30)
    before = crossed_bootstrap(ours, theirs, draws=200)
    assert crossed_bootstrap(ours + hard_N, theirs + hard_N, draws=200) == pytest.approx(before)
    assert crossed_bootstrap(ours, theirs + hard_N, draws=200) != pytest.approx(before)


def test_level_seed_and_a_single_run() -> None:
    ours, theirs = World().draw(np.random.default_rng(0), (3, 3), 30)
    wide, narrow = (crossed_bootstrap(ours, theirs, level=level) for level in (0.99, 0.5))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert crossed_bootstrap(ours, theirs, level=0.5) == narrow
    assert crossed_bootstrap(ours, theirs, level=0.5, seed=1) != narrow
    point = crossed_bootstrap(ours[:1, :1], theirs[:1, :1])
    assert point == pytest.approx((ours[0, 0] - theirs[0, 0],) * 2)


def test_a_metric_that_is_no_mean_over_items() -> None:
    # A ratio of sums: its values are pairs an item. Linearised by hand it has the same interval.
    random = np.random.default_rng(0)
    counts = 1 + random.poisson(3, size=(2, 10, 150)).astype(float)
    hits = random.binomial(counts.astype(int), 0.6).astype(float)
    outputs = np.stack([hits, counts], axis=-1)

    def precision(outputs_SN2: NDArray[np.float64]) -> float:
        sums_S2 = outputs_SN2.sum(axis=1)
        return float((sums_S2[:, 0] / sums_S2[:, 1]).mean())

    low, high = crossed_bootstrap(outputs[0], outputs[1], statistic=precision)
    ratio = hits.sum(axis=2, keepdims=True) / counts.sum(axis=2, keepdims=True)
    linear = ratio + (hits - ratio * counts) / counts.mean(axis=2, keepdims=True)
    difference = crossed_difference(linear[0], linear[1])
    interval = difference.interval()
    assert interval is not None
    assert difference.mean == pytest.approx(precision(outputs[0]) - precision(outputs[1]))
    width = interval[1] - interval[0]
    # Where seeds and items add nothing but what they do together, that is drawn twice.
    assert 0.9 * width < high - low < 1.8 * width
