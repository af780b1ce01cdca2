"""Correlations far from zero, in tiny units, with ties, and of constants."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from mtl_search.metrics.correlation import mid_ranks, pearson, spearman


@pytest.mark.parametrize(("mean", "deviation"), [(0, 1), (1e6, 1), (0, 1e-30), (-3, 1e30)])
def test_correlations_do_not_depend_on_the_unit(mean: float, deviation: float) -> None:
    x, y = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 50).T
    x = x * deviation + mean
    ours = [float(f(torch.from_numpy(x), torch.from_numpy(y))) for f in (pearson, spearman)]
    assert ours[0] == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-9)
    assert ours[1] == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


def test_predictions_that_are_all_alike_tell_nothing() -> None:
    value = torch.tensor([1.0, 2.0, 5.0])
    for correlation in (pearson, spearman):
        assert correlation(torch.full((3,), 0.1), value) == 0


def test_equal_values_share_their_rank() -> None:
    values = torch.tensor([3.0, 1.0, 3.0, 2.0])
    expected = stats.rankdata(values.numpy()) - 0.5
    assert mid_ranks(values).tolist() == expected.tolist()
