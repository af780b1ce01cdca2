"""What every head is: features of one task in, output, loss over labelled samples, predictions for metrics.

B samples, W width of the features, T tokens, H and V height and width of a map
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_choice
from mtl_search.data.dataset import Target
from mtl_search.data.types import MISSING, TargetKind
from mtl_search.models.heads.dense import dense
from mtl_search.models.heads.pooling import POOLS, pool
from mtl_search.models.losses import ElementwiseLoss, as_elementwise

__all__ = ["ElementwiseLoss", "Head", "Masks", "PooledHead", "labelled_in"]

# Below this the best constant prediction is perfect, and dividing by its loss would blow up rounding errors.
LEAST_TRIVIAL = 1e-8

# One (B, T) mask a view, None where every token is real.
Masks = Sequence[Tensor | None]


class Head(nn.Module, ABC):
    """Base of all heads.

    A head is built for the width of its features and for its target, then `fit` once on the training labels: that sets
    the scaling of targets and the loss of the best constant prediction, both kept as buffers. Subclasses give
    `forward`, `predict` and `fit`, and say in the class attributes what they take; a loss that is not one of a label
    by itself needs its own `loss_sum`, too.

    Args:
        target: The whole target, all splits. Where it has no missing label, losses are reduced in one operation.
        loss: Loss of each label.

    Attributes:
        target_kinds: Kinds of target that the head accepts.
        losses: Names of the losses that fit it; the first is the default.
        metrics: Names of the metrics that it can give; the first is the default.
        views: Number of views that the head reads.
        tokens: The head reads tokens (B, T, W) and nothing else.
        trivial_loss: () loss of the best constant prediction on the training labels (set by `fit`), > 0.
        complete: No label is missing in any split, so no step looks for missing ones.
    """

    target_kinds: ClassVar[tuple[TargetKind, ...]]
    losses: ClassVar[tuple[str, ...]]
    metrics: ClassVar[tuple[str, ...]]
    views: ClassVar[int] = 1
    tokens: ClassVar[bool] = False

    trivial_loss: Tensor

    __call__: Callable[..., Tensor]

    def __init__(self, target: Target, loss: Any) -> None:
        super().__init__()
        self.register_buffer("trivial_loss", torch.ones(()))
        self.elementwise: ElementwiseLoss = as_elementwise(loss)
        self.elementwise.check_size(target.size)
        # A target without values, as of a stored model, says nothing about what is missing.
        self.complete = target.values.size > 0 and bool(target.labelled.all())
        self.outputs = target.size

    @abstractmethod
    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Output from the features of each view: (B, W), (B, T, W) or (B, W, H, V) each.

        Args:
            features: One tensor a view.
            masks: One mask a view; empty when every token is real or features are no tokens.
        """

    @abstractmethod
    def predict(self, output: Tensor) -> Tensor:
        """Output as metrics want it: probabilities, values in the target's own units, or tags."""

    @abstractmethod
    def fit(self, target: Tensor) -> None:
        """Set `trivial_loss` (and any scaling) from the training labels, missing ones included as marked."""

    def loss_sum(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Sum of the losses of the labelled samples, and how many there are; (0, 0) when there is none.

        The count is that of the labels, whatever the loss: by it accumulated batches, and the parts of a batch that
        several workers hold, make up one mean over the whole global batch.
        """
        if self.complete:
            count = torch.full((), target.numel(), device=target.device)
            return self.elementwise(output, self.encode(target), "sum"), count
        labelled = labelled_in(target)
        if self.elementwise.ignores_missing:
            return self.elementwise(output, target, "sum"), labelled.sum()
        # The loss is evaluated at label 0 where there is none, because NaN times 0 is NaN in the gradient, too.
        losses = self.elementwise(output, self.encode(target.masked_fill(~labelled, 0)))
        return losses.masked_fill(~labelled, 0.0).sum(), labelled.sum()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean loss over the labelled samples; exactly 0, with a zero gradient, when there is none."""
        if self.complete and target.numel():
            # Not the call of the module, which costs a small network's step a percent over all tasks.
            return self.elementwise.forward(output, self.encode(target), "mean")
        total, count = self.loss_sum(output, target)
        return total / count.clamp(min=1)

    def encode(self, target: Tensor) -> Tensor:
        """Labels as the loss wants them."""
        return target

    def labels_of(self, target: Tensor) -> Tensor:
        """(N,) the labels that are there; remembers when some of the training labels are missing."""
        labelled = labelled_in(target)
        self.complete = self.complete and bool(labelled.all())
        return target[labelled]

    def set_trivial(self, loss: Tensor) -> None:
        """Keep the loss of the best constant, or 1 when the constant is perfect or unknown."""
        usable = bool(loss.isfinite()) and float(loss) > LEAST_TRIVIAL
        self.trivial_loss.fill_(float(loss) if usable else 1.0)


class PooledHead(Head):
    """Base of heads that read one vector a sample of one view: pool, then dense layers.

    Args:
        width: Width of the features.
        target: The whole target, all splits.
        loss: Loss of each label.
        dropout: Share of features set to zero in training.
        hidden: Widths of hidden layers with ReLU before the output.
        pool: How tokens and maps become one vector: `auto` (maximum over tokens, mean over maps), `max` or `mean`.
    """

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
        super().__init__(target, loss)
        self.pool = check_choice(pool, "pool", POOLS)
        self.dense, _ = dense(width, hidden, dropout, target.size)

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """(B, outputs) from the features of the one view."""
        (x,) = features
        return self.dense(pool(x, masks[0] if masks else None, self.pool))  # type: ignore[no-any-return]


def labelled_in(target: Tensor) -> Tensor:
    """Where there is a label: bool, the target's shape."""
    return ~target.isnan() if target.is_floating_point() else target != MISSING
