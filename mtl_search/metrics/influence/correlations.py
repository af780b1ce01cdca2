"""Influence on the correlation of values and of their ranks.

Legend: N items, M labelled cells, S distinct values.
"""

from __future__ import annotations

import numpy as np

from mtl_search.data.types import Array
from mtl_search.metrics.influence.cells import Cells


def pearson(cells: Cells) -> Array:
    """Return the influence on the correlation of predictions and labels, (N,).

    With standardised values x and y it is x·y - r·(x² + y²) / 2. Predictions that are all alike
    have no derivative, and the influence is 0.
    """
    x, y = _standardised(cells.prediction), _standardised(cells.label)
    if not x.any():
        return np.zeros(cells.items)
    correlation = (x * y).mean()
    return cells.influence((x * y - correlation * (x**2 + y**2) / 2) / len(y))


def _standardised(value: Array) -> Array:
    """Return values of mean 0 and variance 1; zeros where they are all alike."""
    if value.min() == value.max():
        return np.zeros(len(value))
    centred = value - value.mean()
    centred /= np.abs(centred).max()
    return np.asarray(centred / np.sqrt((centred**2).mean()))


def spearman(cells: Cells) -> Array:
    """Return the influence on the correlation of the ranks, (N,).

    A cell has a rank, and it moves the ranks of all cells above it: with ranks a and b as shares
    from 0 to 1, that of covariance E[ab] - 1/4 is ab + E[H(x)·b] + E[a·H(y)] - 3 E[ab], where H is
    1 for cells above, 1/2 for equal ones. It is that of a U-statistic.
    """
    x, y = _Ranks(cells.prediction), _Ranks(cells.label)
    if x.is_constant:
        return np.zeros(cells.items)
    covariance, covariance_M = _covariance(x, y)
    of_x, of_x_M = _covariance(x, x)
    of_y, of_y_M = _covariance(y, y)
    log_spread_M = (of_x_M / of_x + of_y_M / of_y) / 2
    part_M = (covariance_M - covariance * log_spread_M) / np.sqrt(of_x * of_y)
    return cells.influence(part_M / len(part_M))


class _Ranks:
    """Ranks of values, as shares from 0 to 1; equal values share the mean of theirs."""

    def __init__(self, value: Array) -> None:
        _, self._place, count_S = np.unique(value, return_inverse=True, return_counts=True)
        self._values = len(count_S)
        self.share = ((count_S.cumsum() - count_S / 2) / len(value))[self._place]
        self.is_constant = self._values == 1

    def mean_above(self, weight_M: Array) -> Array:
        """Return the mean over all cells of their weight times H, (M,)."""
        total_S = np.bincount(self._place, weights=weight_M, minlength=self._values)
        above_S = total_S.sum() - total_S.cumsum() + total_S / 2
        return np.asarray(above_S[self._place] / len(weight_M))


def _covariance(x: _Ranks, y: _Ranks) -> tuple[float, Array]:
    """Return the covariance of ranks, and the influence of each cell on it, (M,)."""
    product_M = x.share * y.share
    mean = float(product_M.mean())
    influence_M = product_M + x.mean_above(y.share) + y.mean_above(x.share) - 3 * mean
    return mean - 0.25, influence_M
