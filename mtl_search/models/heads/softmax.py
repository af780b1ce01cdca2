"""The head of a target of K exclusive classes."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_search.models.heads.base import PooledHead


class Softmax(PooledHead):
    """Class probabilities by softmax over K logits; target (B,) in 0..K-1, -1 where missing.

    The trivial loss is that of always predicting the shares of the classes in the training labels:
    the entropy of the prior, −Σ_k p_k log p_k, or its counterpart if the loss has class weights or
    label smoothing.
    """

    target_kinds = ("class",)
    losses = ("cross_entropy",)
    metrics = (
        "accuracy",
        "balanced_accuracy",
        "top_2_accuracy",
        "top_3_accuracy",
        "top_5_accuracy",
        "f1",
        "f1_macro",
        "f1_micro",
        "f1_weighted",
        "auroc",
        "average_precision",
        "mcc",
        "brier_score_loss",
        "calibration_error",
        "relation_f1",
    )

    def predict(self, output: Tensor) -> Tensor:
        """Turn logits (B, K) into probabilities (B, K)."""
        return output.float().softmax(1)

    def fit(self, target: Tensor) -> None:
        """Set the trivial loss from labels (N,)."""
        labels = self.labels_of(target)
        if labels.numel() == 0:
            return
        prior = torch.bincount(labels, minlength=self.outputs) / labels.numel()
        (present,) = prior.nonzero(as_tuple=True)
        best = self.elementwise.best_constant(prior.clamp(min=1e-30).log(), labels)
        losses = self.elementwise(best.expand(len(present), -1), present)
        self.set_trivial((prior[present] * losses).sum())
