"""Formulas of metrics that judge probabilities: squared distance, calibration, the first k.

Legend: N samples, C classes, B bins.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

BINS = 15


def brier_score(probability: Tensor, label: Tensor) -> Tensor:
    """Squared distance of probabilities from the outcome, (N,), in double precision.

    G. W. Brier 1950, "Verification of forecasts expressed in terms of probability". Of two outcomes
    it is that of the positive one, so from 0 to 1; of classes the sum over all, so from 0 to 2.

    Args:
        probability: (N,) of the positive outcome, or (N, C).
        label: (N,) labels from 0.
    """
    if probability.ndim == 1:
        return (probability.double() - label).square()
    outcome = F.one_hot(label, probability.shape[1])
    return (probability.double() - outcome).square().sum(dim=1)


def confidence(probability: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Return how sure each prediction is, (N,), and whether it came true, (N,) 0 or 1.

    Of two outcomes it is the probability of the positive one, of classes that of the first.
    """
    if probability.ndim == 1:
        return probability.double(), label.double()
    highest, answer = probability.max(dim=1)
    return highest.double(), (answer == label).double()


def bin_numbers(confidence: Tensor) -> Tensor:
    """Return the number of the bin of each confidence, (N,).

    Bins are of equal width; confidence 1 has one of its own, as torchmetrics has it.
    """
    bounds = torch.linspace(0, 1, BINS + 1, device=confidence.device)
    return torch.bucketize(confidence.float(), bounds, right=True) - 1


def calibration_error(probability: Tensor, label: Tensor) -> Tensor:
    """Mean over samples of the gap between confidence and what came true, by bin: the ECE.

    M. P. Naeini, G. F. Cooper and M. Hauskrecht 2015, "Obtaining well calibrated probabilities
    using Bayesian binning".
    """
    sure, came_true = confidence(probability, label)
    gap = torch.zeros(BINS + 1, dtype=torch.float64, device=sure.device)
    gap.index_add_(0, bin_numbers(sure), came_true - sure)
    return gap.abs().sum() / len(label)


def top_hits(probability: Tensor, label: Tensor, k: int) -> Tensor:
    """Whether the class of each sample is among the k most probable, (N,) bool.

    Of classes that are equally probable the one with the higher number comes first, as scikit-learn
    has it.
    """
    of_label = probability.gather(1, label.unsqueeze(1))
    number = torch.arange(probability.shape[1], device=probability.device)
    is_tied_before = (probability == of_label) & (number > label.unsqueeze(1))
    return ((probability > of_label) | is_tied_before).sum(dim=1) < k
