"""Tokens moved to the front of their sentence, so that nothing stands between them."""

from __future__ import annotations

import torch
from torch import Tensor


def compact_tokens(keep: Tensor) -> tuple[Tensor, Tensor]:
    """Find the order that moves the kept tokens of each sentence to its front.

    Args:
        keep: (B, T) bool, True at the tokens to keep.

    Returns:
        (B, L) positions of the tokens, the kept ones first and in their order, and a (B, L) bool
        tensor that is True at the kept ones. L is the largest number of kept tokens of a sentence
        and at least 1, so no step is spent on positions that hold padding in all sentences.
    """
    longest = max(1, int(keep.sum(1).max())) if keep.numel() else 1
    order = (~keep).to(torch.uint8).argsort(dim=1, stable=True)[:, :longest]
    return order, keep.gather(1, order)


def gather_tokens(x: Tensor, order: Tensor) -> Tensor:
    """Return the tokens (B, L, K) that stand at the positions `order` (B, L) of `x` (B, T, K)."""
    return x.gather(1, order.unsqueeze(2).expand(-1, -1, x.shape[2]))
