"""Cross-entropy of K exclusive classes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from mtl_search.config.checks import check_number, check_numbers
from mtl_search.data.types import MISSING
from mtl_search.errors import ConfigError
from mtl_search.models.losses.base import ElementwiseLoss, Reduction


class CrossEntropy(ElementwiseLoss):
    """Cross-entropy of K classes, w_y · −log softmax(output)_y, of a smoothed target.

    It differs from torch in one point: the mean is over the number of labels and not over the sum
    of their class weights, so that it is the same over the batch of one worker and of several.

    Args:
        label_smoothing: ε of the target (1 − ε)·onehot + ε/K (Szegedy et al. 2016, "Rethinking the
            Inception architecture").
        class_weights: Weights of the K classes; all 1 by default.
    """

    ignores_missing = True
    weight: Tensor | None

    def __init__(
        self, label_smoothing: float = 0.0, class_weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        self.label_smoothing = check_number(
            label_smoothing, "label_smoothing", high=1.0, exclude_high=True
        )
        weights: Tensor | None = None
        if class_weights is not None:
            weights = torch.tensor(check_numbers(class_weights, "class_weights"))
            if not weights.any():
                raise ConfigError(
                    "one weight above 0 is needed", path="class_weights", value=weights.tolist()
                )
        self.register_buffer("weight", weights, persistent=False)

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (B,) of logits (B, K) and labels (B,); 0 where the label is -1."""
        weight = self._buffers["weight"]  # see `Stage.forward`
        # torch would divide by the sum of the weights.
        by_weight = weight is not None and reduction == "mean"
        loss = F.cross_entropy(
            output.float(),
            target,
            weight,
            ignore_index=MISSING,
            reduction="sum" if by_weight else reduction,
            label_smoothing=self.label_smoothing,
        )
        return loss / target.numel() if by_weight else loss

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Return the log of the smoothed prior p times w, which minimises −Σ_k p_k w_k log q_k."""
        prior = start.softmax(0)
        smoothed = (1 - self.label_smoothing) * prior + self.label_smoothing / len(prior)
        if self.weight is not None:
            smoothed = smoothed * self.weight
        return smoothed.clamp(min=1e-30).log()

    def check_size(self, size: int) -> None:
        """Check that there are as many weights as classes."""
        if self.weight is not None and len(self.weight) != size:
            raise ConfigError(
                "needs one weight a class",
                path="class_weights",
                value=self.weight.tolist(),
                allowed=[f"{size} weights"],
            )
