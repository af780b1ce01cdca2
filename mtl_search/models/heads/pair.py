"""Same or different, from two views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mtl_search.config.checks import check_choice, check_ints, check_number
from mtl_search.data.dataset import Target
from mtl_search.models.heads.base import Head, Masks
from mtl_search.models.heads.binary import binary_trivial
from mtl_search.models.heads.dense import dense
from mtl_search.models.heads.pooling import POOLS, pool

# Inside the square root: its slope at 0 is infinite, and two equal views are the normal case of label `same`.
EPS = 1e-12


class Pair(Head):
    """Whether two views show the same, from the Euclidean distance d of their embeddings, d = ‖f(a) − f(b)‖.

    With `binary_cross_entropy` the logit of `same` is s·(m − d), scale s > 0 and threshold m learned. With
    `contrastive` the output is d itself, and two views count as the same when d is below half the loss's margin; with
    `cosine` it is their cosine, and they count as the same when it is above the middle between 1 and the loss's margin.
    Swapping the views changes nothing, to the last bit, but for dropout. Target (B,): 1 same, 0 different, -1 missing.

    Differs from Koch et al. 2015 (weighted L1 distance) and follows the siamese networks of Keras' examples.

    Args:
        width: Width of the features.
        target: The whole target, all splits.
        loss: Loss of a logit, or of a distance where the loss says so.
        dropout: Share of features set to zero in training, in each view by itself.
        hidden: Widths of dense layers on the features of each view, shared by both; the last has no ReLU, since
            distances between positive vectors only are smaller than they need be.
        pool: How tokens and maps become one vector: `auto`, `max` or `mean`.
        margin: Threshold m to start from.
        scale: Scale s to start from.
    """

    target_kinds = ("binary",)
    losses = ("binary_cross_entropy", "contrastive", "cosine")
    metrics = ("accuracy", "f1", "auroc", "average_precision", "mcc")
    views = 2

    def __init__(
        self,
        width: int,
        target: Target,
        loss: Any,
        *,
        dropout: float = 0.0,
        hidden: Sequence[int] = (),
        pool: str = "auto",
        margin: float = 1.0,
        scale: float = 1.0,
    ) -> None:
        super().__init__(target, loss)
        self.pool = check_choice(pool, "pool", POOLS)
        *before, last = check_ints(hidden, "hidden", allow_empty=True) or (None,)
        layers, width = dense(width, [size for size in before if size], dropout, last)
        # An empty one would still cost a call a view.
        self.embed = layers if hidden or dropout else None
        self.on_distance, self.on_cosine = self.elementwise.on_distance, self.elementwise.on_cosine
        threshold = check_number(margin, "margin", exclude_low=True)
        log_scale = math.log(check_number(scale, "scale", exclude_low=True))
        if not (self.on_distance or self.on_cosine):
            self.threshold = nn.Parameter(torch.tensor(threshold))
            self.log_scale = nn.Parameter(torch.tensor(log_scale))

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Logits of `same` (B,), or distances or cosines (B,) when the loss reads those."""
        left, right = features
        left_mask, right_mask = masks or (None, None)
        # In float32: squares of small differences vanish in half precision.
        one, two = (
            self._embedding(left, left_mask).float(),
            self._embedding(right, right_mask).float(),
        )
        if self.on_cosine:
            return F.cosine_similarity(one, two)
        distance = ((one - two).square().sum(1) + EPS).sqrt()
        return distance if self.on_distance else self.log_scale.exp() * (self.threshold - distance)

    def predict(self, output: Tensor) -> Tensor:
        """Output (B,) → probability of `same` (B,)."""
        if self.on_cosine:
            return (output.float() - (1 + self._margin) / 2).sigmoid()
        if not self.on_distance:
            return output.float().sigmoid()
        return (self._margin / 2 - output.float()).sigmoid()

    def fit(self, target: Tensor) -> None:
        """Trivial loss from labels (N,)."""
        labels = self.labels_of(target)
        if labels.numel():
            self.set_trivial(binary_trivial(self.elementwise, target.unsqueeze(1)).squeeze(0))

    @property
    def _margin(self) -> float:
        return float(getattr(self.elementwise, "margin", 1.0))

    def _embedding(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = pool(x, mask, self.pool)
        return x if self.embed is None else self.embed(x)
