"""Losses of real targets: squared, absolute, and two in between.

N labels, in standard deviations of the target, since the regression head scales them
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mtl_search.config.checks import check_number
from mtl_search.models.losses.base import ElementwiseLoss, Reduction


class MeanSquaredError(ElementwiseLoss):
    """Squared error: (z − y)²."""

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (N,) of values (N,) and labels (N,)."""
        return F.mse_loss(output.float(), target, reduction=reduction)


class MeanAbsoluteError(ElementwiseLoss):
    """Absolute error: |z − y|."""

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (N,) of values (N,) and labels (N,)."""
        return F.l1_loss(output.float(), target, reduction=reduction)

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Return the median."""
        return labels.median()


class Huber(ElementwiseLoss):
    """Huber's loss: ½e² up to δ, then δ(|e| − ½δ), e = z − y (Huber 1964).

    Args:
        delta: Error δ > 0 from which on the loss is linear, in standard deviations of the target.
    """

    def __init__(self, delta: float = 1.0) -> None:
        super().__init__()
        self.delta = check_number(delta, "delta", exclude_low=True)

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (N,) of values (N,) and labels (N,)."""
        return F.huber_loss(output.float(), target, delta=self.delta, reduction=reduction)

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Search the constant by golden sections."""
        return least_constant(self, labels)


class SmoothL1(ElementwiseLoss):
    """Smooth L1: ½e²/β up to β, then |e| − ½β; Huber's loss divided by its δ.

    Source: Girshick 2015, "Fast R-CNN".

    Args:
        beta: Error β ≥ 0 from which on the loss is linear, in standard deviations of the target; 0
            gives the absolute error.
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = check_number(beta, "beta")

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (N,) of values (N,) and labels (N,)."""
        return F.smooth_l1_loss(output.float(), target, beta=self.beta, reduction=reduction)

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Search the constant by golden sections."""
        return least_constant(self, labels)


class Pinball(ElementwiseLoss):
    """Pinball loss: q·e for e = y − z ≥ 0, else (q − 1)·e; least where z is the quantile q.

    Source: Koenker & Bassett 1978, "Regression quantiles". The metrics `pinball_loss_10`, `_50` and
    `_90` judge such predictions.

    Args:
        quantile: The quantile q to predict, above 0 and below 1.
    """

    def __init__(self, quantile: float = 0.5) -> None:
        super().__init__()
        self.quantile = check_number(
            quantile, "quantile", high=1.0, exclude_low=True, exclude_high=True
        )

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return losses (N,) of values (N,) and labels (N,)."""
        error = target - output.float()
        losses = torch.maximum(self.quantile * error, (self.quantile - 1) * error)
        if reduction == "none":
            return losses
        return losses.sum() if reduction == "sum" else losses.mean()

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Return the quantile."""
        rank = max(1, math.ceil(self.quantile * len(labels)))
        return labels.kthvalue(rank).values


def least_constant(loss: ElementwiseLoss, labels: Tensor, steps: int = 40) -> Tensor:
    """Find the constant () of least mean loss over labels, by golden-section search.

    Each step keeps 0.618 of the interval, so 40 steps leave 4e-9 of the labels' range, which is
    less than float32 resolves.

    Args:
        loss: A loss that is convex in its output.
        labels: Labels (N,).
        steps: Number of steps.
    """
    low = float(labels.min())
    high = float(labels.max())
    golden = (math.sqrt(5) - 1) / 2

    def cost(constant: float) -> float:
        return float(loss(torch.full_like(labels, constant), labels, "mean"))

    left, right = high - golden * (high - low), low + golden * (high - low)
    cost_left, cost_right = cost(left), cost(right)
    for _ in range(steps):
        if cost_left <= cost_right:
            high, right, cost_right = right, left, cost_left
            left = high - golden * (high - low)
            cost_left = cost(left)
        else:
            low, left, cost_left = left, right, cost_right
            right = low + golden * (high - low)
            cost_right = cost(right)
    return labels.new_tensor((low + high) / 2)
