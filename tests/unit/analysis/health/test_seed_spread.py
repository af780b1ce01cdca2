"""Seeds that do not agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mtl_search.analysis.health.check import Check
from mtl_search.analysis.health.seed_spread import check_seed_spread, odd_one_out
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder


def checked(builder: Builder, left: Sequence[float]) -> Check:
    for number, value in enumerate(left):
        builder.finalist("single/left", number, {"left": value})
    return check_seed_spread(evidence_of(builder))


def test_seeds_that_agree(builder: Builder) -> None:
    assert checked(builder, [0.90, 0.901, 0.899, 0.9]).ok is True


def test_two_seeds_say_too_little(builder: Builder) -> None:
    assert checked(builder, [0.5, 0.9]).ok is None


def test_a_large_spread_is_told_in_points(builder: Builder) -> None:
    check = checked(builder, [0.88, 0.90, 0.92])
    assert check.ok is False
    # A deviation of 0.02 of the accuracy, whose scale is half as long.
    assert "the seeds of single/left have a standard deviation of 4.0 points of skill" in check.text
    assert "search.finalists.seeds" in check.text


def test_one_seed_far_off_is_told(builder: Builder) -> None:
    check = checked(builder, [0.9, 0.901, 0.899, 0.9, 0.7])
    assert check.ok is False
    assert check.text.startswith("one seed of single/left is far off (skill 0.400; ")


@pytest.mark.parametrize("single", [[0.899, 0.901, 0.899, 0.901], [0.9, 0.899, 0.901, 0.9]])
def test_a_small_spread_that_hides_the_gain_is_told(
    builder: Builder, single: Sequence[float]
) -> None:
    """A gain of about one point with deviations of 1.6: below the bound, above the gain."""
    for task in builder.tasks:
        for number, value in enumerate(single):
            builder.finalist(f"single/{task}", number, {task: value})
    for number, value in enumerate([0.897, 0.913, 0.897, 0.913]):
        builder.finalist("search", number, dict.fromkeys(builder.tasks, value))
        twin = dict.fromkeys(builder.tasks, single[number])
        builder.finalist("twin/separate", number, twin, origin="search-0000")
    evidence = evidence_of(builder, **{"search.finalists.seeds": 4})
    assert evidence.verdict.outcome == "don't know"
    check = check_seed_spread(evidence)
    assert check.ok is False
    assert check.text.startswith("the seeds of search have a standard deviation of 1.8 points")


def test_what_is_odd_does_not_depend_on_order_place_or_sign() -> None:
    values = [0.71, 0.72, 0.70, 0.71, 0.30]
    generator = np.random.default_rng(0)
    for _ in range(5):
        order = generator.permutation(values).tolist()
        assert odd_one_out(order) == 0.30
        assert odd_one_out([-value for value in order]) == -0.30
        assert odd_one_out([value + 7 for value in order]) == pytest.approx(7.30)


def test_normal_seeds_are_seldom_odd() -> None:
    """Dixon's Q of five normal values is above 2/3 in 5 to 10 % of samples."""
    generator = np.random.default_rng(0)
    odd = [odd_one_out(generator.normal(0, 1, 5).tolist()) is not None for _ in range(4000)]
    assert 0.05 < np.mean(odd) < 0.10


def test_what_is_too_small_or_too_few_is_not_odd() -> None:
    assert odd_one_out([0.90, 0.901, 0.9, 0.9, 0.915]) is None  # 1.4 points
    assert odd_one_out([0.9, 0.9, 0.9, 0.1]) is None
    assert odd_one_out([0.9] * 5) is None
