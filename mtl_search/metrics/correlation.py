"""Formulas of the correlation of values and of their ranks, in double precision.

Legend: N samples, S distinct values.
"""

from __future__ import annotations

import torch
from torch import Tensor


def pearson(prediction: Tensor, value: Tensor) -> Tensor:
    """Correlation of (N,) predictions and values that are not all alike.

    It is 0 for predictions that are all alike, which tell nothing; scipy has no number for them.
    """
    if bool(prediction.min() == prediction.max()):
        return torch.zeros((), dtype=torch.float64)
    x, y = _standardised(prediction), _standardised(value)
    product: Tensor = (x * y).sum()
    return product.clamp(-1, 1)


def _standardised(value: Tensor) -> Tensor:
    """Return values with the mean 0 and the norm 1."""
    centred = value.double() - value.double().mean()
    # The largest first, since squares of tiny values vanish.
    centred = centred / centred.abs().max()
    return centred / centred.square().sum().sqrt()


def spearman(prediction: Tensor, value: Tensor) -> Tensor:
    """Correlation of the ranks of (N,) predictions and values; 0 for predictions all alike."""
    return pearson(mid_ranks(prediction), mid_ranks(value))


def mid_ranks(value: Tensor) -> Tensor:
    """Return the rank of each of (N,) values, from 0.5; equal values share the mean of theirs."""
    _, place, count_S = value.unique(return_inverse=True, return_counts=True)
    below_S = count_S.cumsum(0) - count_S
    ranks: Tensor = (below_S + count_S / 2)[place]
    return ranks.double()
