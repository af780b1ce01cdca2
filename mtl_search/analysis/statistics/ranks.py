"""Ranks, and the correlation of ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mean_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Return the rank of each value, from 1; equal values share the mean of their ranks.

    Args:
        values: N finite values.

    Examples:
        >>> mean_ranks([0.5, 0.1, 0.5]).tolist()
        [2.5, 1.0, 2.5]
    """
    _, places, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: NDArray[np.float64] = (last - (counts - 1) / 2)[places.reshape(-1)]
    return means


def rank_correlation(x: ArrayLike, y: ArrayLike) -> float | None:
    """Return Spearman's rank correlation; None where all values of one side are equal.

    Args:
        x: N finite values.
        y: N finite values, too.

    Examples:
        >>> rank_correlation([1.0, 2.0, 3.0], [1.0, 8.0, 27.0])
        1.0
    """
    ranks_2N = np.stack([mean_ranks(x), mean_ranks(y)])
    if ranks_2N.shape[1] < 2 or (np.ptp(ranks_2N, axis=1) == 0).any():
        return None
    x_N, y_N = ranks_2N - ranks_2N.mean(axis=1, keepdims=True)
    value = (x_N @ y_N) / np.sqrt((x_N @ x_N) * (y_N @ y_N))
    return float(np.clip(value, -1.0, 1.0))
