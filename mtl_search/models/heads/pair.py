"""The head of two views: are they the same or different?"""

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

# Added inside the square root, whose slope at 0 is infinite: views of label `same` may be equal.
EPS = 1e-12


class Pair(Head):
    """Whether two views show the same, from the distance d = ‖f(a) − f(b)‖ of their embeddings.

    With `binary_cross_entropy` the logit of `same` is s·(m − d), with learned scale s > 0 and
    threshold m. With `contrastive` the output is d itself, and two views count as the same if d is
    below half the loss's margin. With `cosine` it is their cosine, and they count as the same if it
    is above the middle between 1 and the loss's margin. Apart from dropout, swapping the views
    changes nothing, to the last bit. The target is (B,): 1 same, 0 different, -1 missing.

    It follows the siamese networks of Keras' examples and differs from Koch et al. 2015, who use a
    weighted L1 distance.

    Args:
        width: Width of the features.
        target: The whole target, all splits.
        loss: The loss of a logit, of a distance (`on_distance`), or of a cosine (`on_cosine`).
        dropout: Share of features set to zero in training, drawn for each view.
        hidden: Widths of dense layers on the features of a view, shared by both views. The last has
            no ReLU: distances between vectors without negative entries are needlessly small.
        pool: How tokens and maps become one vector: `auto`, `max` or `mean`.
        margin: Initial threshold m.
        scale: Initial scale s.
    """

    target_kinds = ("binary",)
    losses = ("binary_cross_entropy", "contrastive", "cosine")
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
        sizes = check_ints(hidden, "hidden", allow_empty=True)
        layers = dense(width, sizes[:-1], dropout, sizes[-1] if sizes else None)
        # Without layers it is None: calling an empty module would cost time for each view.
        self.embed = layers if hidden or dropout else None
        self.on_distance = self.elementwise.on_distance
        self.on_cosine = self.elementwise.on_cosine
        threshold = check_number(margin, "margin", exclude_low=True)
        log_scale = math.log(check_number(scale, "scale", exclude_low=True))
        if not (self.on_distance or self.on_cosine):
            self.threshold = nn.Parameter(torch.tensor(threshold))
            self.log_scale = nn.Parameter(torch.tensor(log_scale))

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return logits of `same` (B,), or distances or cosines (B,) if the loss reads those."""
        left, right = features
        left_mask, right_mask = masks or (None, None)
        # In float32, since squares of small differences vanish in half precision.
        one = self._embedding(left, left_mask).float()
        two = self._embedding(right, right_mask).float()
        if self.on_cosine:
            return F.cosine_similarity(one, two)
        distance = ((one - two).square().sum(1) + EPS).sqrt()
        if self.on_distance:
            return distance
        return self.log_scale.exp() * (self.threshold - distance)

    def predict(self, output: Tensor) -> Tensor:
        """Turn an output (B,) into probabilities of `same` (B,)."""
        if self.on_cosine:
            return (output.float() - (1 + self._margin) / 2).sigmoid()
        if self.on_distance:
            return (self._margin / 2 - output.float()).sigmoid()
        return output.float().sigmoid()

    def fit(self, target: Tensor) -> None:
        """Set the trivial loss from labels (N,)."""
        labels = self.labels_of(target)
        if labels.numel():
            self.set_trivial(binary_trivial(self.elementwise, target.unsqueeze(1)).squeeze(0))

    @property
    def _margin(self) -> float:
        return float(getattr(self.elementwise, "margin", 1.0))

    def _embedding(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = pool(x, mask, self.pool)
        return x if self.embed is None else self.embed(x)
