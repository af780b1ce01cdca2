"""Influence on errors of real values, by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.data.types import Array
from mtl_search.metrics.influence import errors
from mtl_search.metrics.influence.cells import Cells

P = np.array([1.0, 2.0, 5.0, 0.0])
Y = np.array([1.0, 4.0, 4.0, np.nan])


def cells(p: Array = P, y: Array = Y) -> Cells:
    return Cells.known(p, y, ~np.isnan(y))


def test_errors_by_hand() -> None:
    # Errors 0, 2, 1 of three labelled items among four.
    assert errors.mean_squared_error(cells()) == pytest.approx(
        np.array([0 - 5 / 3, 4 - 5 / 3, 1 - 5 / 3, 0]) * 4 / 3
    )
    assert errors.mean_absolute_error(cells()) == pytest.approx(np.array([-1, 1, 0, 0]) * 4 / 3)
    assert errors.root_mean_squared_error(cells()) == pytest.approx(
        errors.mean_squared_error(cells()) / (2 * np.sqrt(5 / 3))
    )


def test_r2_is_the_derivative_by_the_weight_of_an_item() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(3, 2, 20)
    p = y + rng.normal(0, 1, 20)

    def weighted_r2(weight: Array) -> float:
        mean = (weight * y).sum() / weight.sum()
        return float(1 - (weight * (y - p) ** 2).sum() / (weight * (y - mean) ** 2).sum())

    step = 1e-6 * np.eye(20)
    expected = [20 * (weighted_r2(1 + s) - weighted_r2(1 - s)) / 2e-6 for s in step]
    assert errors.r2(cells(p, y)) == pytest.approx(expected, abs=1e-5)


def test_r2_depends_neither_on_unit_nor_on_origin() -> None:
    expected = errors.r2(cells())
    assert errors.r2(cells(1e3 * P + 50, 1e3 * Y + 50)) == pytest.approx(expected)


def test_nothing_moves_without_error_or_variance() -> None:
    assert errors.root_mean_squared_error(cells(Y, Y)).tolist() == [0] * 4
    assert errors.r2(cells(P, np.full(4, 2.0))).tolist() == [0] * 4
