"""Pooling of features to one vector for each sample: the only place where heads look at the rank.

(B, W) stays as it is     (B, W, H, V) → mean over H and V     (B, T, W) → maximum over real tokens
"""

from __future__ import annotations

from torch import Tensor

POOLS = ("auto", "max", "mean")


def pool(x: Tensor, mask: Tensor | None, how: str) -> Tensor:
    """Pool features of any rank to (B, W).

    Args:
        x: (B, W), (B, T, W) or (B, W, H, V).
        mask: (B, T) bool, True at real tokens; None if all are real. A sentence without a real
            token gives zeros.
        how: `max`, `mean`, or `auto` for the table at the top of this module. A vector is never
            pooled.
    """
    if x.ndim == 2:
        return x
    if x.ndim == 4:
        return x.amax((2, 3)) if how == "max" else x.mean((2, 3))
    return _mean_tokens(x, mask) if how == "mean" else _max_tokens(x, mask)


def _max_tokens(x: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return x.amax(1)
    highest = x.masked_fill(~mask.unsqueeze(2), float("-inf")).amax(1)
    return highest.masked_fill(~mask.any(1, keepdim=True), 0.0)


def _mean_tokens(x: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return x.mean(1)
    # Filled and not multiplied by 0, since padding may hold anything, including NaN.
    return x.masked_fill(~mask.unsqueeze(2), 0.0).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
