"""Cosine embedding loss of the angle between two embeddings."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_search.config.checks import check_number
from mtl_search.models.losses.base import ElementwiseLoss, Reduction, reduced


class CosineEmbedding(ElementwiseLoss):
    """Cosine embedding loss of a pair whose embeddings have cosine c: y·(1 − c) + (1 − y)·max(0, c − m), y = 1 same.

    The loss of `torch.nn.CosineEmbeddingLoss` with labels 1 and 0 for its 1 and -1; the head computes the cosine.

    Args:
        margin: m in [-1, 1), the cosine below which different pairs cost nothing.
    """

    on_cosine = True

    def __init__(self, margin: float = 0.0) -> None:
        super().__init__()
        self.margin = check_number(margin, "margin", low=-1.0, high=1.0, exclude_high=True)

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """(B,) cosines and labels in {0, 1} → (B,)."""
        cosine, same = output.float(), target.float()
        return reduced(
            same * (1 - cosine).clamp(min=0) + (1 - same) * (cosine - self.margin).clamp(min=0),
            reduction,
        )

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Cosine 1 when at least half of the pairs are the same, else m."""
        return torch.where(start >= 0, 1.0, self.margin)
