"""Yes or no."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_search.models.heads.base import ElementwiseLoss, Masks, PooledHead, labelled_in


class Binary(PooledHead):
    """Probability of label 1 by a sigmoid over one logit; target (B,) in {0, 1}, -1 where missing.

    Its trivial loss is the binary entropy of the share of label 1 in the training labels.
    """

    target_kinds = ("binary",)
    losses = ("binary_cross_entropy",)
    metrics = ("accuracy", "f1", "auroc", "average_precision", "mcc")

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Logits (B,)."""
        return super().forward(*features, masks=masks).squeeze(1)

    def predict(self, output: Tensor) -> Tensor:
        """Logits (B,) → probabilities of label 1 (B,)."""
        return output.float().sigmoid()

    def fit(self, target: Tensor) -> None:
        """Trivial loss from labels (N,)."""
        labels = self.labels_of(target)
        if labels.numel():
            self.set_trivial(binary_trivial(self.elementwise, target.unsqueeze(1)).squeeze(0))


def binary_trivial(loss: ElementwiseLoss, target: Tensor) -> Tensor:
    """(L,) loss of the best constant for each column of labels (N, L); 0 for a column without labels."""
    labelled = labelled_in(target)
    count = labelled.sum(0).clamp(min=1)
    share = ((target == 1).sum(0) / count).float()
    labels = target[labelled]
    best = loss.best_constant(torch.logit(share, eps=1e-6), labels)
    one, zero = (
        torch.ones_like(share, dtype=target.dtype),
        torch.zeros_like(share, dtype=target.dtype),
    )
    trivial = share * loss(best, one) + (1 - share) * loss(best, zero)
    # A column of one class is predicted perfectly; the bounded logit above would leave about 1e-6.
    return trivial.masked_fill((share == 0) | (share == 1) | ~labelled.any(0), 0.0)
