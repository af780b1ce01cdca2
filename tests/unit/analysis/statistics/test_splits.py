"""Differences over random partitions, with the correction of Nadeau and Bengio."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.splits import split_difference

DIFFERENCES = np.array([0.5, 0.25, -0.25, 0.75, 0.0])


def test_the_formula() -> None:
    found = split_difference(DIFFERENCES, train_size=800, test_size=200)
    assert found.mean == pytest.approx(0.25)
    assert found.degrees_of_freedom == 4.0
    spread = ((DIFFERENCES - 0.25) ** 2).sum() / 4
    assert found.standard_error == pytest.approx((spread * (1 / 5 + 1 / 4)) ** 0.5)
    assert found.standard_error == pytest.approx((found.seed_variance + found.item_variance) ** 0.5)
    assert (found.seeds, found.items) == ((5, 5), 0)


def test_more_partitions_leave_what_they_have_in_common() -> None:
    found = split_difference(DIFFERENCES, train_size=800, test_size=200).resized(seeds=10)
    spread = DIFFERENCES.var(ddof=1)
    assert found.standard_error == pytest.approx((spread * (1 / 10 + 1 / 4)) ** 0.5)
    assert found.degrees_of_freedom == pytest.approx(9.0)


def test_order_scale_shift_and_sign() -> None:
    found = split_difference(DIFFERENCES, 800, 200)
    assert split_difference(DIFFERENCES[::-1], 800, 200) == found
    assert split_difference(-4.0 * DIFFERENCES, 800, 200) == found.scaled(-4.0)
    shifted = split_difference(DIFFERENCES + 1.0, 800, 200)
    assert shifted.mean == found.mean + 1.0
    assert shifted.standard_error == pytest.approx(found.standard_error)


def test_one_partition_and_constants() -> None:
    assert split_difference([0.5], 800, 200) == Difference(0.5, None, None, (1, 1), 0)
    assert not split_difference([0.1] * 5, 800, 200).has_spread


def test_it_covers_the_mean_of_two_learners_over_data_sets() -> None:
    # Two shrunk means of skewed data, compared by their squared errors; what they differ by over
    # all data sets is known by simulation. Student's t over partitions covers far less.
    random = np.random.default_rng(0)
    n_train, n_test, partitions, sets = 40, 10, 30, 200

    def difference(data: np.ndarray) -> float:
        train, test = data[:n_train], data[n_train:]
        errors = [((test - shrink * train.mean()) ** 2).mean() for shrink in (0.7, 1.0)]
        return float(errors[0] - errors[1])

    true = np.mean([difference(random.exponential(size=n_train + n_test)) for _ in range(20_000)])
    corrected = plain = 0
    for _ in range(sets):
        data = random.exponential(size=n_train + n_test)
        values = [difference(random.permutation(data)) for _ in range(partitions)]
        for_new_data = split_difference(values, n_train, n_test).interval()
        too_sure = split_difference(values, n_train, 0).interval()
        assert for_new_data is not None
        assert too_sure is not None
        corrected += bool(for_new_data[0] <= true <= for_new_data[1])
        plain += bool(too_sure[0] <= true <= too_sure[1])
    assert corrected / sets > 0.85
    assert plain / sets < corrected / sets - 0.1
