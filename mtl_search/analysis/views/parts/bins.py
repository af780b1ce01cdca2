"""Bins of equal width in the logarithm."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def log_edges(values: ArrayLike, bins: int) -> NDArray[np.float64]:
    """Return edges of bins of equal width in the logarithm, from the least to the largest value.

    Args:
        values: Values above 0, not all the same.
        bins: Number of bins.

    Returns:
        (bins + 1,) edges.

    Examples:
        >>> log_edges([1.0, 100.0], 2).round(6).tolist()
        [1.0, 10.0, 100.0]
    """
    logs = np.log(np.asarray(values, dtype=np.float64))
    edges: NDArray[np.float64] = np.exp(np.linspace(logs.min(), logs.max(), bins + 1))
    return edges


def bin_of(values: ArrayLike, edges: ArrayLike) -> NDArray[np.int64]:
    """Return the number of each value's bin, from 0; the last edge belongs to the last bin.

    Args:
        values: Values between the first and the last edge.
        edges: Edges, rising.

    Examples:
        >>> bin_of([1.0, 5.0, 10.0], [1.0, 5.0, 10.0]).tolist()
        [0, 1, 1]
    """
    inner = np.asarray(edges, dtype=np.float64)[1:-1]
    places: NDArray[np.int64] = np.searchsorted(inner, np.asarray(values), side="right")
    return places
