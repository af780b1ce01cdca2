"""Tokens without the padding between them."""

from __future__ import annotations

import torch
from torch import Tensor


def compact(keep: Tensor) -> tuple[Tensor, Tensor]:
    """Kept tokens to the front, in order.

    Args:
        keep: (B, T) bool.

    Returns:
        (B, L) positions of the tokens, kept ones first, and (B, L) bool, True at the kept ones; L is the largest
        number of kept tokens of a sentence, at least 1, so that no step is spent on padding alone.
    """
    longest = max(1, int(keep.sum(1).max())) if keep.numel() else 1
    order = (~keep).to(torch.uint8).argsort(dim=1, stable=True)[:, :longest]
    return order, keep.gather(1, order)


def take(x: Tensor, order: Tensor) -> Tensor:
    """(B, T, K) tokens at the positions (B, L) → (B, L, K)."""
    return x.gather(1, order.unsqueeze(2).expand(-1, -1, x.shape[2]))
