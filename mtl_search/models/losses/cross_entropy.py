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
    """Cross-entropy of K classes: w_y · −log softmax(output)_y, with the target smoothed towards the uniform.

    Differs from torch in one point: the mean is over the number of labels, not over the sum of their class weights, so
    that it is the same over one worker's batch and over several.

    Args:
        label_smoothing: ε in (1 − ε)·onehot + ε/K (Szegedy et al. 2016, "Rethinking the Inception architecture").
        class_weights: K weights; default: all 1.
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
        weights = (
            None
            if class_weights is None
            else torch.tensor(check_numbers(class_weights, "class_weights"))
        )
        if weights is not None and not weights.any():
            raise ConfigError(
                "one weight above 0 is needed", path="class_weights", value=weights.tolist()
            )
        self.register_buffer("weight", weights, persistent=False)

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """(B, K), (B,) → (B,); 0 where the target is -1."""
        weight = self.weight
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
        """Log of the smoothed prior times the class weights, which minimises −Σ_k p_k w_k log q_k."""
        prior = start.softmax(0)
        smoothed = (1 - self.label_smoothing) * prior + self.label_smoothing / len(prior)
        return (smoothed if self.weight is None else smoothed * self.weight).clamp(min=1e-30).log()

    def check_size(self, size: int) -> None:
        """Refuse a number of weights that is not that of the classes."""
        if self.weight is not None and len(self.weight) != size:
            raise ConfigError(
                "needs one weight a class",
                path="class_weights",
                value=self.weight.tolist(),
                allowed=[f"{size} weights"],
            )
