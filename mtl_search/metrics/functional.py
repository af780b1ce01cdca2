"""Formulas of the metrics in plain torch: counts of classes, rankings of scores, errors of values.

torchmetrics has all of these, too. But `import torchmetrics` imports torchvision, transformers,
scipy.signal and matplotlib where they are installed, whichever metric is asked for, and no setting
prevents it (Lightning-AI/torchmetrics, issues 2242 and 2440). Every worker process would spend more
on that than on torch itself. The tests hold each formula against torchmetrics and scikit-learn.

Legend: N samples, C classes, L labels, S distinct scores. Classes are whole numbers from 0. Missing
labels have been left out, except where a function says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Counts:
    """How often each class was predicted, and rightly so.

    Attributes:
        hits: (C,) samples of the class that were predicted as this class.
        predicted: (C,) samples that were predicted as this class.
        actual: (C,) samples of the class.
    """

    hits: Tensor
    predicted: Tensor
    actual: Tensor

    @property
    def recall(self) -> Tensor:
        """(C,) part of the class that was predicted as such; 0 for a class that does not occur."""
        return _ratio(self.hits, self.actual)

    @property
    def precision(self) -> Tensor:
        """(C,) part of what was predicted as the class that is; 0 for a class never predicted."""
        return _ratio(self.hits, self.predicted)

    @property
    def f1(self) -> Tensor:
        """(C,) harmonic mean of precision and recall; 0 for a class that is not hit once."""
        return _ratio(2 * self.hits, self.predicted + self.actual)

    @property
    def occurs(self) -> Tensor:
        """(C,) bool, classes that are predicted or actual."""
        return self.predicted + self.actual > 0


def count_classes(predicted: Tensor, label: Tensor, classes: int) -> Counts:
    """Count classes from (N,) predicted and (N,) actual ones."""

    def count(values: Tensor) -> Tensor:
        return torch.bincount(values, minlength=classes)

    return Counts(count(label[predicted == label]), count(predicted), count(label))


def count_positives(predicted: Tensor, label: Tensor, known: Tensor | None = None) -> Counts:
    """Count the positives of each column.

    Args:
        predicted: (N, L) bool, the predicted positives; or (N,), one column.
        label: The actual positives, of the same shape.
        known: The cells that count, of the same shape; None for all.
    """
    if known is not None:
        predicted, label = predicted & known, label & known
    return Counts((predicted & label).sum(dim=0), predicted.sum(dim=0), label.sum(dim=0))


def _ratio(part: Tensor, whole: Tensor) -> Tensor:
    """Divide in single precision; 0 where there is nothing to divide by."""
    return torch.where(whole > 0, part / whole.clamp(min=1), 0.0)


def accuracy(predicted: Tensor, label: Tensor) -> Tensor:
    """Part of the (N,) samples whose predicted class is the actual one."""
    return (predicted == label).sum() / len(label)


def macro_mean(score: Tensor, counted: Tensor | None = None) -> Tensor:
    """Mean of (C,) scores over the classes that count, or over all."""
    if counted is None:
        return (score / len(score)).sum()
    return (torch.where(counted, score, 0.0) / counted.sum()).sum()


def weighted_mean(score: Tensor, weight: Tensor) -> Tensor:
    """Mean of (C,) scores by (C,) counts, one of which is above 0."""
    return (score.double() * weight).sum() / weight.sum()


def matthews_correlation(predicted: Tensor, label: Tensor, classes: int = 2) -> Tensor:
    """Correlation of (N,) predicted and actual classes; 0 when all predictions are alike.

    B. W. Matthews 1975, "Comparison of the predicted and observed secondary structure of T4 phage
    lysozyme"; of more than two classes J. Gorodkin 2004, "Comparing two K-category assignments by a
    K-category correlation coefficient". Of two classes it is the correlation coefficient of the two
    columns of zeros and ones.
    """
    counts = count_classes(predicted.long(), label.long(), classes)
    n = len(label)
    # Products of counts are whole numbers here; in single precision they would be rounded.
    covariance = n * counts.hits.sum() - (counts.predicted * counts.actual).sum()
    spread = _spread(counts.predicted, n) * _spread(counts.actual, n)
    return torch.where(spread > 0, covariance / spread, 0.0)


def _spread(count: Tensor, n: int) -> Tensor:
    return (n * n - (count * count).sum()).double().sqrt()


@dataclass(frozen=True)
class Ranking:
    """Positives and negatives above each threshold, the highest first.

    Attributes:
        hits: (S,) positives at or above the threshold; one for each of S distinct scores.
        alarms: (S,) negatives at or above the threshold.
    """

    hits: Tensor
    alarms: Tensor


def rank(score: Tensor, label: Tensor) -> Ranking:
    """Rank (N,) samples by score; samples of equal score pass the threshold together."""
    order = score.argsort(descending=True)
    ranked = score[order]
    last_of_equals = torch.ones_like(ranked, dtype=torch.bool)
    last_of_equals[:-1] = ranked[:-1] != ranked[1:]
    hits = label[order].long().cumsum(dim=0)
    seen = torch.arange(1, len(score) + 1, device=score.device)
    return Ranking(hits[last_of_equals], (seen - hits)[last_of_equals])


def auroc(score: Tensor, label: Tensor) -> Tensor:
    """Area under the ROC curve of (N,) scores and labels 0 or 1, both of which occur."""
    ranking = rank(score, label)
    return torch.trapezoid(_from_zero(ranking.hits), _from_zero(ranking.alarms))


def _from_zero(counts: Tensor) -> Tensor:
    """(S + 1,) part of all, from nothing to 1."""
    return torch.nn.functional.pad(counts, (1, 0)) / counts[-1]


def average_precision(score: Tensor, label: Tensor) -> Tensor:
    """Mean precision over the positives of (N,) scores and labels 0 or 1, both of which occur.

    It is the sum over thresholds of precision times the gain in recall, without interpolation.
    """
    ranking = rank(score, label)
    precision = ranking.hits / (ranking.hits + ranking.alarms)
    return (precision * _from_zero(ranking.hits).diff()).sum()


def mean_squared_error(prediction: Tensor, value: Tensor) -> Tensor:
    """Mean of the squared differences of (N,) predictions and values."""
    difference = prediction - value
    return (difference * difference).sum() / len(value)


def mean_absolute_error(prediction: Tensor, value: Tensor) -> Tensor:
    """Mean of the absolute differences of (N,) predictions and values."""
    return (prediction - value).abs().sum() / len(value)


def r2(prediction: Tensor, value: Tensor) -> Tensor:
    """Part of the variance of (N,) values that the predictions explain, in double precision.

    Of values that are all alike it is 1 when every prediction is right, else 0.
    """
    prediction, value = prediction.double(), value.double()
    left = (value - prediction).square().sum()
    spread = (value - value.mean()).square().sum()
    return torch.where(spread > 0, 1 - left / spread, (left == 0).double())


def vector_r2(prediction: Tensor, value: Tensor) -> Tensor:
    """Part of the variance of all elements of (N, L) vectors that the predictions explain.

    Each element varies around its own mean, and counts by its variance: one that never varies, such
    as a corner of all pictures, counts by its errors alone. scikit-learn calls it
    `variance_weighted`. NaN elements are left out.
    """
    prediction, value = prediction.double(), value.double()
    left = (value - prediction).square().nansum()
    spread = (value - value.nanmean(dim=0)).square().nansum()
    return torch.where(spread > 0, 1 - left / spread, torch.nan)


def pinball_loss(prediction: Tensor, value: Tensor, quantile: float) -> Tensor:
    """Mean pinball loss of (N,) predictions of a quantile, in double precision."""
    difference = value.double() - prediction.double()
    return torch.maximum(quantile * difference, (quantile - 1) * difference).mean()
