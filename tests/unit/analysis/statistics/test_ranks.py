from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mtl_search.analysis.statistics.ranks import mean_ranks, rank_correlation


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_ranks_and_their_correlation_are_those_of_scipy(levels: int) -> None:
    """Few levels make many ties."""
    generator = np.random.default_rng(levels)
    x = generator.integers(levels, size=40)
    y = x + generator.integers(levels, size=40)
    assert mean_ranks(x).tolist() == stats.rankdata(x).tolist()
    assert mean_ranks(x[:1]).tolist() == [1.0]
    assert rank_correlation(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


def test_what_does_not_vary_has_no_correlation() -> None:
    assert rank_correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None
    assert rank_correlation([1.0], [1.0]) is None
