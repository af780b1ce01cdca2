"""Cosine embedding loss of the angle between two embeddings."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_search.config.checks import check_number
from mtl_search.models.losses.base import ElementwiseLoss, Reduction, reduced


class CosineEmbedding(ElementwiseLoss):
    """Loss of a pair of cosine c: y·(1 − c) + (1 − y)·max(0, c − m), y = 1 for same.

    It is `torch.nn.CosineEmbeddingLoss` with labels 1 and 0 in place of 1 and -1; the head computes
    the cosine.

    Args:
        margin: Cosine m in [-1, 1) up to which different pairs cost nothing.
    """

    on_cosine = True

    def __init__(self, margin: float = 0.0) -> None:
        super().__init__()
        self.margin = check_number(margin, "margin", low=-1.0, high=1.0, exclude_high=True)

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (B,) of cosines (B,) and labels (B,) in {0, 1}."""
        cosine = output.float()
        same = target.float()
        # A rounded cosine may exceed 1, hence the first clamp.
        together = same * (1 - cosine).clamp(min=0)
        apart = (1 - same) * (cosine - self.margin).clamp(min=0)
        return reduced(together + apart, reduction)

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Return the cosine 1 if at least half of the pairs are the same, otherwise m."""
        return torch.where(start >= 0, 1.0, self.margin)
