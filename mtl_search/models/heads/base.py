"""The base of all heads: features of one task in, output, loss over labelled samples, predictions.

B samples, W width of the features, T tokens, H and V height and width of a map
"""

from __future__ import annotations

import math
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

# Below this loss the best constant is perfect, and dividing by the loss would magnify rounding.
LEAST_TRIVIAL = 1e-8

# A (B, T) mask for each view, None where all tokens are real.
Masks = Sequence[Tensor | None]


class Head(nn.Module, ABC):
    """Base of all heads.

    A head is built for the width of its features and for its target. Then `fit` is called once with
    the training labels: it sets the scaling of targets and the loss of the best constant
    prediction, both kept as buffers. Subclasses define `forward`, `predict` and `fit`, and say in
    their class attributes what they take. A head whose loss is not a sum over single labels
    overrides `loss_sum`, too.

    Args:
        target: The whole target, all splits. If it has no missing label, losses are reduced in one
            operation.
        loss: The loss of each label.

    Attributes:
        target_kinds: Kinds of target that the head accepts.
        losses: Names of the losses that fit it; the first is the default.
        metrics: Names of the metrics that it can give; the first is the default.
        views: Number of views that the head reads.
        tokens: Whether the head reads tokens (B, T, W) and nothing else.
        trivial_loss: Loss () > 0 of the best constant prediction on the training labels, which
            `fit` sets.
        complete: Whether no label is missing in any split, so that no step looks for missing ones.

    Examples:
        A head that reads two views and predicts a real number from the difference of their
        features. In a config it is `tasks.<task>.head: "my_package.my_module:Difference"`.

        >>> import numpy as np
        >>> import torch
        >>> from torch import nn
        >>> from mtl_search.data.dataset import Target
        >>> from mtl_search.models.heads import Head
        >>> from mtl_search.models.losses import LOSSES
        >>> class Difference(Head):
        ...     target_kinds = ("real",)
        ...     losses = ("mse", "mae")
        ...     metrics = ("r2", "rmse")
        ...     views = 2
        ...
        ...     def __init__(self, width, target, loss):
        ...         super().__init__(target, loss)
        ...         self.linear = nn.Linear(width, 1, bias=False)
        ...
        ...     def forward(self, *features, masks=()):
        ...         left, right = features
        ...         return self.linear(left - right).squeeze(1)
        ...
        ...     def predict(self, output):
        ...         return output.float()
        ...
        ...     def fit(self, target):
        ...         labels = self.labels_of(target)
        ...         best = self.elementwise.best_constant(labels.mean(), labels)
        ...         self.set_trivial(self.elementwise(best.expand_as(labels), labels, "mean"))
        >>> labels = np.array([1.0, -1.0, np.nan, 2.0], np.float32)
        >>> head = Difference(5, Target(labels, "real"), LOSSES["mse"]())
        >>> head.fit(torch.from_numpy(labels))
        >>> output = head(torch.ones(4, 5), torch.ones(4, 5))
        >>> round(head.loss(output, torch.from_numpy(labels)).item(), 3)  # (1 + 1 + 4) / 3
        2.0
        >>> round(head.trivial_loss.item(), 3)
        1.556
    """

    target_kinds: ClassVar[tuple[TargetKind, ...]]
    losses: ClassVar[tuple[str, ...]]
    metrics: ClassVar[tuple[str, ...]]
    views: ClassVar[int] = 1
    tokens: ClassVar[bool] = False

    trivial_loss: Tensor

    __call__: Callable[..., Tensor]
    _modules: dict[str, Any]

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
        """Compute the output from the features of each view.

        Args:
            features: A tensor for each view: (B, W), (B, T, W) or (B, W, H, V).
            masks: A mask for each view; empty if all tokens are real or features are no tokens.
        """

    @abstractmethod
    def predict(self, output: Tensor) -> Tensor:
        """Turn an output into probabilities, values in the target's own units, or tags."""

    @abstractmethod
    def fit(self, target: Tensor) -> None:
        """Set `trivial_loss` and any scaling from the training labels, missing ones included."""

    def loss_sum(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum of the losses of all labels and their number; (0, 0) without labels.

        The number is that of the labels, whatever the loss. By it, accumulated batches and the
        shares of several workers add up to one mean over the whole global batch.
        """
        elementwise: ElementwiseLoss = self._modules["elementwise"]  # see `Stage.forward`
        if self.complete:
            count = torch.full((), target.numel(), device=target.device)
            return elementwise(output, self.encode(target), "sum"), count
        labelled = labelled_in(target)
        if elementwise.ignores_missing:
            return elementwise(output, target, "sum"), labelled.sum()
        # Where a label is missing the loss is evaluated at label 0: NaN times 0 is NaN, also in the
        # gradient.
        losses = elementwise(output, self.encode(target.masked_fill(~labelled, 0)))
        return losses.masked_fill(~labelled, 0.0).sum(), labelled.sum()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss over all labels; exactly 0, with zero gradient, without labels."""
        if self.complete and target.numel():
            # Calling the module would cost the step of a small network a percent over all tasks.
            elementwise: ElementwiseLoss = self._modules["elementwise"]  # see `Stage.forward`
            return elementwise.forward(output, self.encode(target), "mean")
        total, count = self.loss_sum(output, target)
        return total / count.clamp(min=1)

    def encode(self, target: Tensor) -> Tensor:
        """Return the labels in the form that the loss takes."""
        return target

    def labels_of(self, target: Tensor) -> Tensor:
        """Return the labels (N,) that are not missing; record in `complete` if some are."""
        labelled = labelled_in(target)
        self.complete = self.complete and bool(labelled.all())
        return target[labelled]

    def set_trivial(self, loss: Tensor) -> None:
        """Set the loss of the best constant, or 1 if the constant is perfect or unknown."""
        value = float(loss)
        usable = math.isfinite(value) and value > LEAST_TRIVIAL
        self.trivial_loss.fill_(value if usable else 1.0)


class PooledHead(Head):
    """Base of heads that read one view: pool its features to a vector, then dense layers.

    Args:
        width: Width of the features.
        target: The whole target, all splits.
        loss: The loss of each label.
        dropout: Share of features set to zero in training.
        hidden: Widths of hidden layers with ReLU before the output.
        pool: How tokens and maps become one vector: `auto` (maximum over tokens, mean over maps),
            `max` or `mean`.

    Examples:
        A head for counts, which predicts the rate of a Poisson distribution. Its loss is a function
        of one's own, and its arguments (`dropout`, `hidden`, `pool`) are those of the base.

        >>> import numpy as np
        >>> import torch
        >>> from torch.nn import functional as F
        >>> from mtl_search.data.dataset import Target
        >>> from mtl_search.models.heads.base import PooledHead
        >>> def poisson(output, target):
        ...     return F.poisson_nll_loss(output, target, full=True, reduction="none")
        >>> class Count(PooledHead):
        ...     target_kinds = ("real",)
        ...     losses = ("my_package.my_module:poisson",)
        ...     metrics = ("mae", "rmse")
        ...
        ...     def forward(self, *features, masks=()):
        ...         return super().forward(*features, masks=masks).squeeze(1)
        ...
        ...     def predict(self, output):
        ...         return output.float().exp()
        ...
        ...     def fit(self, target):
        ...         labels = self.labels_of(target)
        ...         best = labels.mean().log().expand_as(labels)
        ...         self.set_trivial(self.elementwise(best, labels, "mean"))
        >>> counts = np.array([0.0, 3.0, 1.0, np.nan], np.float32)
        >>> head = Count(8, Target(counts, "real"), poisson, hidden=[16])
        >>> head.fit(torch.from_numpy(counts))
        >>> tokens = torch.randn(4, 10, 8)  # 10 tokens of width 8, pooled to one vector
        >>> head.predict(head(tokens)).shape
        torch.Size([4])
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
        self.dense = dense(width, hidden, dropout, target.size)

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return (B, outputs) from the features of the one view."""
        (x,) = features
        mask = masks[0] if masks else None
        outputs: Tensor = self._modules["dense"](pool(x, mask, self.pool))
        return outputs


def labelled_in(target: Tensor) -> Tensor:
    """Return a bool tensor of the target's shape that is True where a label is not missing."""
    return ~target.isnan() if target.is_floating_point() else target != MISSING
