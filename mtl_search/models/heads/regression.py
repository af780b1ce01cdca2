"""The head of a real target: one number or a vector of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.models.heads.base import Masks, PooledHead, labelled_in


class Regression(PooledHead):
    """A real number or a vector; target (B,) or (B, L) in its own units, NaN where missing.

    The network learns (y − mean) / std, with mean and standard deviation of the training labels, so
    that a target in grams and one in kilometres start alike. The loss is in these scaled units;
    `predict` returns the target's own. A constant target has scale 1. The trivial loss is that of
    the best constant under the chosen loss: 1 for `mse`.

    The elements of a vector have each their own mean and one deviation in common: that of all
    labels from the mean of their element. So a picture is learned as it is, and pixels that hardly
    ever change count for little. Numbers in several units are better several targets.
    """

    target_kinds = ("real", "vector")
    losses = ("mse", "mae", "huber", "smooth_l1", "pinball")
    metrics = (
        "r2",
        "mae",
        "rmse",
        "mse",
        "pearson_corrcoef",
        "spearman_corrcoef",
        "pinball_loss_10",
        "pinball_loss_50",
        "pinball_loss_90",
    )

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
        self._is_vector = target.kind == "vector"
        self.register_buffer("mean", torch.zeros(target.size if self._is_vector else ()))
        self.register_buffer("std", torch.ones(()))

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return scaled values (B,) or (B, L)."""
        outputs = super().forward(*features, masks=masks)
        return outputs if self._is_vector else outputs.squeeze(1)

    def encode(self, target: Tensor) -> Tensor:
        """Convert labels to standard deviations from the mean."""
        buffers: dict[str, Any] = self._buffers  # see `Stage.forward`
        scaled: Tensor = (target - buffers["mean"]) / buffers["std"]
        return scaled

    def predict(self, output: Tensor) -> Tensor:
        """Convert scaled values (B,) or (B, L) to the target's units."""
        return output.float() * self.std + self.mean

    def fit(self, target: Tensor) -> None:
        """Set the scaling and the trivial loss from labels (N,) or (N, L)."""
        if self.labels_of(target).numel() == 0:
            return
        mean = target.double().nanmean(dim=0).nan_to_num()
        std = float((target - mean).square().nanmean().sqrt())
        # Rounding leaves a tiny deviation in a constant target, which counts as none.
        self.std.fill_(std if std > 1e-7 * float(mean.abs().max()) and std > 0 else 1.0)
        self.mean.copy_(mean)
        self.set_trivial(self._loss_of_best_constant(self.encode(target)))

    def _loss_of_best_constant(self, scaled: Tensor) -> Tensor:
        """Return the mean loss () of the best constant; of a vector, of one for each element."""
        total = scaled.new_zeros(())
        for element in scaled.reshape(len(scaled), -1).T:
            labels = element[~element.isnan()]
            if len(labels):
                best = self.elementwise.best_constant(labels.mean(), labels)
                total = total + self.elementwise(best.expand_as(labels), labels, "sum")
        return total / labelled_in(scaled).sum()
