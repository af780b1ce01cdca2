"""Influence on correlations, by brute force."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from mtl_search.data.types import Array
from mtl_search.metrics.influence import correlations
from mtl_search.metrics.influence.cells import Cells

CASES: list[tuple[Callable[[Cells], Array], Callable[..., float]]] = [
    (correlations.pearson, lambda x, y: float(stats.pearsonr(x, y).statistic)),
    (correlations.spearman, lambda x, y: float(stats.spearmanr(x, y).statistic)),
]


@pytest.mark.parametrize(("influence", "correlation"), CASES)
def test_it_is_the_derivative_by_the_weight_of_an_item(
    influence: Callable[[Cells], Array], correlation: Callable[..., float]
) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=12).round(1)
    x = (y + rng.normal(size=12)).round(1)
    x[3] = x[5]
    copies = 200
    many = np.tile(np.arange(12), copies)
    whole = correlation(x[many], y[many])
    expected = []
    for item in range(12):
        fewer = np.delete(many, item)
        expected.append(len(many) * (whole - correlation(x[fewer], y[fewer])))
    values = influence(Cells.known(x, y, np.ones(12, bool)))
    assert values.sum() == pytest.approx(0, abs=1e-9)
    assert values == pytest.approx(expected, abs=0.02 * np.abs(values).max())


@pytest.mark.parametrize("influence", [correlations.pearson, correlations.spearman])
def test_predictions_that_are_all_alike_have_none(influence: Callable[[Cells], Array]) -> None:
    alike = Cells.known(np.full(4, 0.1), np.arange(4.0), np.ones(4, bool))
    assert influence(alike).tolist() == [0, 0, 0, 0]
