"""Binary cross-entropy of one label or of several."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from mtl_search.config.checks import check_number, check_numbers
from mtl_search.errors import ConfigError
from mtl_search.models.losses.base import ElementwiseLoss, Reduction


class BinaryCrossEntropy(ElementwiseLoss):
    """Binary cross-entropy of logits: −v·y·log σ(z) − (1 − y)·log(1 − σ(z)).

    Args:
        pos_weight: Weight v of label 1: a number, or one for each label of a multilabel target.
    """

    weight: Tensor | None

    def __init__(self, pos_weight: float | Sequence[float] | None = None) -> None:
        super().__init__()
        weight: Tensor | None = None
        if isinstance(pos_weight, Sequence):
            weight = torch.tensor(check_numbers(pos_weight, "pos_weight"))
        elif pos_weight is not None:
            weight = torch.tensor(check_number(pos_weight, "pos_weight", exclude_low=True))
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (B,) or (B, L) of logits and labels in {0, 1} of that shape."""
        weight = self._buffers["weight"]  # see `Stage.forward`
        return F.binary_cross_entropy_with_logits(
            output.float(), target.float(), pos_weight=weight, reduction=reduction
        )

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Return the log odds after the odds are multiplied by v."""
        if self.weight is None:
            return start
        return start + self.weight.clamp(min=1e-30).log()

    def check_size(self, size: int) -> None:
        """Check that there are as many weights as labels."""
        if self.weight is not None and self.weight.ndim and len(self.weight) != size:
            raise ConfigError(
                "needs one weight a label",
                path="pos_weight",
                value=self.weight.tolist(),
                allowed=[f"{size} weights"],
            )
