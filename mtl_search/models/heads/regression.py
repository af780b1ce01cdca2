"""The head of a real target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.models.heads.base import Masks, PooledHead


class Regression(PooledHead):
    """A real number; target (B,) in its own units, NaN where missing.

    The network learns (y − mean) / std, with mean and standard deviation of the training labels, so
    that a target in grams and one in kilometres start alike. The loss is in these scaled units;
    `predict` returns the target's own. A constant target has scale 1. The trivial loss is that of
    the best constant under the chosen loss: 1 for `mse`.
    """

    target_kinds = ("real",)
    losses = ("mse", "mae", "huber", "smooth_l1")
    metrics = ("r2", "mae", "rmse", "mse")

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        width: int,
        target: Target,
        loss: Any,
        *,
        dropout: float = 0.0,
        hidden: Sequence[int] = (),
        pool: str = "auto",
    ) -> None:
        super().__init__(width, target, loss, dropout=dropout, hidden=hidden, pool=pool)
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("std", torch.ones(()))

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return scaled values (B,)."""
        return super().forward(*features, masks=masks).squeeze(1)

    def encode(self, target: Tensor) -> Tensor:
        """Convert labels to standard deviations from the mean."""
        return (target - self.mean) / self.std

    def predict(self, output: Tensor) -> Tensor:
        """Convert scaled values (B,) to the target's units (B,)."""
        return output.float() * self.std + self.mean

    def fit(self, target: Tensor) -> None:
        """Set the scaling and the trivial loss from labels (N,)."""
        labels = self.labels_of(target)
        if labels.numel() == 0:
            return
        exact = labels.double()
        mean = float(exact.mean())
        std = float(exact.std(correction=0))
        # Rounding leaves a tiny deviation in a constant target, which counts as none.
        self.std.fill_(std if std > 1e-7 * abs(mean) and std > 0 else 1.0)
        self.mean.fill_(mean)
        scaled = self.encode(labels)
        best = self.elementwise.best_constant(scaled.mean(), scaled)
        self.set_trivial(self.elementwise(best.expand_as(scaled), scaled, "mean"))
