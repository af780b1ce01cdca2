"""The head of a target of several binary labels."""

from __future__ import annotations

from torch import Tensor

from mtl_search.models.heads.base import PooledHead, labelled_in
from mtl_search.models.heads.binary import binary_trivial


class Multilabel(PooledHead):
    """Probability of each of L labels by a sigmoid; target (B, L) in {0, 1}, -1 where missing.

    The loss is the mean over all labels that are not missing, whatever sample they belong to, so a
    sample with few labels counts less. The trivial loss is the mean of the labels' binary entropies
    with the same weights.
    """

    target_kinds = ("multilabel",)
    losses = ("binary_cross_entropy",)
    metrics = (
        "auroc",
        "f1",
        "f1_macro",
        "f1_micro",
        "f1_weighted",
        "average_precision",
        "brier_score_loss",
        "calibration_error",
    )

    def predict(self, output: Tensor) -> Tensor:
        """Turn logits (B, L) into probabilities (B, L)."""
        return output.float().sigmoid()

    def fit(self, target: Tensor) -> None:
        """Set the trivial loss from labels (N, L)."""
        labels = self.labels_of(target)
        if labels.numel() == 0:
            return
        weight = labelled_in(target).sum(0) / labels.numel()
        self.set_trivial((weight * binary_trivial(self.elementwise, target)).sum())
