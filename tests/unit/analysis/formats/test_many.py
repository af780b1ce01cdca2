"""Summaries of very many tasks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mtl_search.analysis.formats.many import extremes, few, is_many, quartiles


def test_above_twelve_is_many() -> None:
    assert not is_many(range(12))
    assert is_many(range(13))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 11, 600])
def test_quartiles_are_those_of_numpy_without_what_is_missing(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    found = quartiles([None, math.nan, *values])
    assert found["mean"] == pytest.approx(values.mean())
    expected = np.quantile(values, [0.25, 0.5, 0.75])
    assert [*found.values()][1:] == pytest.approx(list(expected))
    assert quartiles([None, math.nan]) == {}


def test_best_and_worst_do_not_overlap_and_leave_out_what_is_unknown() -> None:
    best, worst = extremes([3.0, None, 1.0, 7.0, 5.0, 2.0, 6.0], lambda value: value)
    assert (best, worst) == ([7.0, 6.0, 5.0, 3.0, 2.0], [1.0])
    best, worst = extremes(list(map(float, range(100))), lambda value: value)
    assert (best, worst) == ([99.0, 98.0, 97.0, 96.0, 95.0], [4.0, 3.0, 2.0, 1.0, 0.0])


def test_long_lists_are_cut() -> None:
    assert few([str(n) for n in range(600)]) == "0, 1, 2, 3 and 596 more"
    assert few(["a", "b", "c", "d", "e"]) == "a, b, c, d, e"
