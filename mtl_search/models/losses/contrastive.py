"""Contrastive loss of the distance between two embeddings."""

from __future__ import annotations

from torch import Tensor

from mtl_search.config.checks import check_number
from mtl_search.models.losses.base import ElementwiseLoss, Reduction, reduced


class Contrastive(ElementwiseLoss):
    """Contrastive loss of a pair at distance d: ½[y·d² + (1 − y)·max(0, m − d)²], y = 1 for same.

    Source: Hadsell, Chopra and LeCun 2006, "Dimensionality reduction by learning an invariant
    mapping", where Y is 1 for different pairs and not for equal ones.

    Args:
        margin: Distance m > 0 from which on different pairs cost nothing.
    """

    on_distance = True

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        self.margin = check_number(margin, "margin", exclude_low=True)

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (B,) of distances (B,) and labels (B,) in {0, 1}."""
        distance = output.float()
        same = target.float()
        apart = (self.margin - distance).clamp(min=0)
        return reduced(0.5 * (same * distance.square() + (1 - same) * apart.square()), reduction)

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Return the distance (1 − p)·m for a share p of same pairs."""
        return (-start).sigmoid() * self.margin
