"""Features of any rank → one vector a sample: the only place where heads care about rank.

(B, W) as it is      (B, W, H, V) → mean over H and V      (B, T, W) → maximum over the real tokens
"""

from __future__ import annotations

from torch import Tensor

POOLS = ("auto", "max", "mean")


def pool(x: Tensor, mask: Tensor | None, how: str) -> Tensor:
    """(B, W) out of features of any rank.

    Args:
        x: (B, W), (B, T, W) or (B, W, H, V).
        mask: (B, T) bool, True at real tokens; None when all are. A sentence without a real token gives zeros.
        how: `max`, `mean`, or `auto` for the module's table. A vector is never pooled.
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
    # Filled, not multiplied by 0: padding may hold anything, NaN included.
    return x.masked_fill(~mask.unsqueeze(2), 0.0).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
