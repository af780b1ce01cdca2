"""Influence on metrics of real values: errors, and the part of the variance that is explained.

Legend: N items, M labelled cells.
"""

from __future__ import annotations

import numpy as np

from mtl_search.data.types import Array
from mtl_search.metrics.influence.cells import Cells


def mean_squared_error(cells: Cells) -> Array:
    """Return the influence on the mean of the squared errors, (N,)."""
    square_M = (cells.prediction - cells.label) ** 2
    return cells.influence((square_M - square_M.mean()) / len(square_M))


def root_mean_squared_error(cells: Cells) -> Array:
    """Return the influence on the root of the mean squared error, (N,); 0 without any error."""
    root = np.sqrt(np.mean((cells.prediction - cells.label) ** 2))
    return mean_squared_error(cells) / (2 * root) if root > 0 else np.zeros(cells.items)


def mean_absolute_error(cells: Cells) -> Array:
    """Return the influence on the mean of the absolute errors, (N,)."""
    error_M = np.abs(cells.prediction - cells.label)
    return cells.influence((error_M - error_M.mean()) / len(error_M))


def pinball_loss(cells: Cells, quantile: float) -> Array:
    """Return the influence on the mean pinball loss, (N,)."""
    above_M = cells.label - cells.prediction
    loss_M = np.maximum(quantile * above_M, (quantile - 1) * above_M)
    return cells.influence((loss_M - loss_M.mean()) / len(loss_M))


def r2(cells: Cells) -> Array:
    """Return the influence on R² = 1 - Σ(y - p)² / Σ(y - ȳ)², (N,).

    An item changes both sums: an outlying label has a large error, and it makes the variance large.
    Labels that are alike leave no variance to explain, and the influence is 0.
    """
    y = cells.label
    square_M = (cells.prediction - y) ** 2
    spread_M = (y - y.mean()) ** 2
    if spread_M.sum() == 0:
        return np.zeros(cells.items)
    unexplained = square_M.sum() / spread_M.sum()
    return cells.influence((unexplained * spread_M - square_M) / spread_M.sum())
