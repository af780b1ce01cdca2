"""The scores of each label of a target, which the metrics of the target are means of.

They are computed once, on the test split, so that a mean over labels does not hide one that is
never found.

Legend: N samples, L labels or classes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.types import Array, TargetKind
from mtl_search.metrics.compute import (
    compute,
    has_both_outcomes,
    label_counts,
    labelled_rows,
    outcome_columns,
)
from mtl_search.metrics.metric_key import POSITIVES
from mtl_search.metrics.own import OwnMetric

_COUNTED = ("f1", "precision", "recall")
# Metric → the scores of the labels that it is a mean of, or is made from.
_SCORES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("f1", "f1_macro", "f1_micro", "f1_weighted"), _COUNTED),
    **dict.fromkeys(("token_f1", "token_f1_weighted"), _COUNTED),
    "balanced_accuracy": ("recall",),
    "auroc": ("auroc",),
    "average_precision": ("average_precision",),
    "brier_score_loss": ("brier_score_loss",),
    "calibration_error": ("calibration_error",),
}
# Scores that are not means over classes where a sample has one class.
_OF_MULTILABEL = ("brier_score_loss", "calibration_error")


def label_scores(
    metrics: Mapping[str, str | OwnMetric],
    prediction: Tensor,
    target: Tensor,
    kind: TargetKind,
    classes: int,
) -> dict[str, Array]:
    """Return the scores of each label of a multilabel target, or of each class of several.

    Args:
        metrics: Name → the same name, or a metric of one's own. Nothing is told of metrics that
            are no means over labels.
        prediction: (N, L) probabilities, or (N, T) tags.
        target: The labels as the data set has them, with missing ones.
        kind: The kind of the target.
        classes: The number of labels, classes or tags.

    Returns:
        Score → (L,) values, NaN for a label that has none; and `positives`, how many samples have
        the label. Empty where the target has no labels of its own, or no metric is a mean of them.

    Examples:
        >>> probabilities = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> labels = torch.tensor([[1, 0], [0, 0], [0, 0]])
        >>> label_scores({"auroc": "auroc"}, probabilities, labels, "multilabel", 2)
        {'positives': array([1, 0]), 'auroc': array([ 1., nan])}
    """
    if kind not in ("multilabel", "class", "tags"):
        return {}
    wanted = _wanted(metrics, kind)
    if not wanted:
        return {}
    p, y = labelled_rows(prediction, target, kind)
    if len(y) == 0:
        return {POSITIVES: np.zeros(classes, int)} | {s: np.full(classes, np.nan) for s in wanted}
    counts = label_counts(p, y, kind, classes)
    # As in their mean: a class that is told but never there has an F1 of 0, a label has none.
    counted = counts.actual > 0 if kind == "multilabel" else counts.occurs
    nothing = torch.tensor(torch.nan)
    by_score = {
        "f1": torch.where(counted, counts.f1, nothing),
        "precision": torch.where(counted, counts.precision, nothing),
        "recall": torch.where(counts.actual > 0, counts.recall, nothing),
    }
    scores = {
        name: by_score[name] if score == name in by_score else _each(score, p, y, kind, classes)
        for name, score in wanted.items()
    }
    return {POSITIVES: counts.actual.cpu().numpy()} | {
        score: values.double().cpu().numpy() for score, values in scores.items()
    }


def _wanted(metrics: Mapping[str, str | OwnMetric], kind: TargetKind) -> dict[str, str | OwnMetric]:
    """Return score → the same name, or a metric of one's own."""
    wanted: dict[str, str | OwnMetric] = {}
    for name, metric in metrics.items():
        if not isinstance(metric, OwnMetric):
            wanted |= {score: score for score in _SCORES.get(name, ())}
        elif kind == "multilabel" and not metric.takes_missing:
            wanted[name] = metric
    if kind != "multilabel":
        return {name: score for name, score in wanted.items() if name not in _OF_MULTILABEL}
    return wanted


def _each(score: str | OwnMetric, p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    """Return the score of the probabilities of each label, each as a binary target."""
    needs_both = score in ("auroc", "average_precision")
    values = []
    for column_p, column_y in outcome_columns(p, y, kind, classes):
        is_defined = len(column_y) > 0 and (not needs_both or has_both_outcomes(column_y))
        values.append(compute(score, column_p, column_y, "binary", 1) if is_defined else torch.nan)
    return torch.tensor(values, dtype=torch.double)
