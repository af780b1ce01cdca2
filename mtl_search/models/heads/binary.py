"""The head of a binary target."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_search.models.heads.base import ElementwiseLoss, Masks, PooledHead, labelled_in


class Binary(PooledHead):
    """Probability of label 1 by a sigmoid over one logit; target (B,) in {0, 1}, -1 where missing.

    The trivial loss is the binary entropy of the share of label 1 in the training labels.
    """

    target_kinds = ("binary",)
    losses = ("binary_cross_entropy",)
    metrics = (
        "accuracy",
        "balanced_accuracy",
        "f1",
        "f1_macro",
        "f1_micro",
        "f1_weighted",
        "auroc",
        "average_precision",
        "mcc",
        "brier_score_loss",
        "calibration_error",
    )

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return logits (B,)."""
        return super().forward(*features, masks=masks).squeeze(1)

    def predict(self, output: Tensor) -> Tensor:
        """Turn logits (B,) into probabilities (B,) of label 1."""
        return output.float().sigmoid()

    def fit(self, target: Tensor) -> None:
        """Set the trivial loss from labels (N,)."""
        labels = self.labels_of(target)
        if labels.numel():
            self.set_trivial(binary_trivial(self.elementwise, target.unsqueeze(1)).squeeze(0))


def binary_trivial(loss: ElementwiseLoss, target: Tensor) -> Tensor:
    """Return the loss (L,) of the best constant for each column of labels (N, L).

    It is 0 for a column without labels or with labels of one class only.
    """
    labelled = labelled_in(target)
    count = labelled.sum(0).clamp(min=1)
    share = ((target == 1).sum(0) / count).float()
    best = loss.best_constant(torch.logit(share, eps=1e-6), target[labelled])
    one = torch.ones_like(share, dtype=target.dtype)
    zero = torch.zeros_like(share, dtype=target.dtype)
    trivial = share * loss(best, one) + (1 - share) * loss(best, zero)
    # A column of one class is predicted perfectly; the bounded logit would leave about 1e-6.
    return trivial.masked_fill((share == 0) | (share == 1) | ~labelled.any(0), 0.0)
