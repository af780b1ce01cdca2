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
