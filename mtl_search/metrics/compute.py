"""Metrics by name, over all labelled samples of a split at once.

A metric that the labels leave undefined (AUROC where only one class occurs) is NaN, never a
made-up number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from mtl_search.data.types import MISSING, REAL_KINDS, Array, TargetKind
from mtl_search.metrics import functional
from mtl_search.metrics.correlation import pearson, spearman
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.own import OwnMetric
from mtl_search.metrics.probability import brier_score, calibration_error, top_hits
from mtl_search.metrics.relation_f1 import relation_f1
from mtl_search.metrics.span_f1 import span_f1

# Computes a scalar from (prediction, target, kind, classes) of the labelled samples only. A metric
# that takes class names gets (prediction, target, class names) of all samples instead.
Compute = Callable[..., Tensor]


def _answers(p: Tensor, kind: TargetKind) -> Tensor:
    """Return the predicted classes; of a binary target bool, tags are classes already."""
    if kind == "tags":
        return p
    return p > 0.5 if kind == "binary" else p.argmax(dim=1)


def label_counts(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> functional.Counts:
    """Count the classes, or the positives of each of several labels."""
    if kind == "multilabel":
        return functional.count_positives(p > 0.5, y == 1, y != MISSING)
    return functional.count_classes(_answers(p, kind).long(), y, max(classes, 2))


def _accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return functional.accuracy(_answers(p, kind), y)


def _balanced_accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    counts = label_counts(p, y, kind, classes)
    # A class that does not occur has no recall.
    return counts.recall[counts.actual > 0].mean()


def _top_accuracy(k: int) -> Compute:
    def share(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
        return top_hits(p, y, k).double().mean()

    return share


def _f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "binary":
        # scikit-learn calls F1 without a positive label ill-defined.
        f1 = functional.count_positives(p > 0.5, y == 1).f1
        return f1 if (y == 1).any() else torch.tensor(torch.nan)
    return _f1_macro(p, y, kind, classes)


def _f1_macro(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    counts = label_counts(p, y, kind, classes)
    counted = counts.actual > 0 if kind == "multilabel" else counts.occurs
    return functional.macro_mean(counts.f1, counted)


def _f1_micro(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    counts = label_counts(p, y, kind, classes)
    in_all = 2 * counts.hits.sum() / (counts.predicted + counts.actual).sum()
    return in_all if counts.actual.any() else torch.tensor(torch.nan)


def _f1_weighted(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    counts = label_counts(p, y, kind, classes)
    return functional.weighted_mean(counts.f1, counts.actual)


def _auroc(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return _mean_over_columns(p, y, kind, classes, functional.auroc)


def _average_precision(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return _mean_over_columns(p, y, kind, classes, functional.average_precision)


def _mean_over_columns(
    p: Tensor, y: Tensor, kind: TargetKind, classes: int, score: Callable[..., Tensor]
) -> Tensor:
    """Return the mean of a binary score over the classes (one against the rest) or labels.

    Those that do not occur with both outcomes have no score and are left out.
    """
    scores = []
    for column_p, column_y in outcome_columns(p, y, kind, classes):
        if len(column_y) and has_both_outcomes(column_y):
            scores.append(score(column_p, column_y))
    return torch.stack(scores).mean() if scores else torch.tensor(torch.nan)


def outcome_columns(
    p: Tensor, y: Tensor, kind: TargetKind, classes: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield probabilities and 0/1 labels of each class or label."""
    if kind == "binary":
        yield p, y
    elif kind == "multilabel":
        for label, labelled in enumerate((y != MISSING).T):
            yield p[labelled, label], y[labelled, label]
    else:
        for label in range(classes):
            yield p[:, label], (y == label).long()


def has_both_outcomes(y: Tensor) -> bool:
    """Return whether 0/1 labels have a 0 and a 1."""
    return 0 < int(y.sum()) < len(y)


def _mcc(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if y.min() == y.max():
        return torch.tensor(torch.nan)
    return functional.matthews_correlation(_answers(p, kind), y, max(classes, 2))


def _brier_score(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "multilabel":
        labels = [brier_score(*column).mean() for column in _known_columns(p, y, kind, classes)]
        return torch.stack(labels).mean()
    return brier_score(p, y).mean()


def _calibration_error(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "multilabel":
        labels = [calibration_error(*column) for column in _known_columns(p, y, kind, classes)]
        return torch.stack(labels).mean()
    return calibration_error(p, y)


def _known_columns(
    p: Tensor, y: Tensor, kind: TargetKind, classes: int
) -> Iterator[tuple[Tensor, Tensor]]:
    return (column for column in outcome_columns(p, y, kind, classes) if len(column[1]))


def _pinball(quantile: float) -> Compute:
    return lambda p, y, kind, classes: functional.pinball_loss(p, y, quantile)


def _of_elements(prediction: Tensor, target: Tensor, score: Compute) -> Tensor:
    """Return the mean of a score of values over the elements of a vector, or that of one number.

    Elements whose labels are all alike are left out.
    """
    scores = []
    columns = zip(
        prediction.reshape(len(target), -1).T, target.reshape(len(target), -1).T, strict=True
    )
    for column_p, column_y in columns:
        known = ~column_y.isnan()
        p, y = column_p[known], column_y[known]
        if len(y) and y.min() < y.max():
            scores.append(score(p, y))
    return torch.stack(scores).mean() if scores else torch.tensor(torch.nan)


_FUNCTIONS: dict[str, Compute] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "top_2_accuracy": _top_accuracy(2),
    "top_3_accuracy": _top_accuracy(3),
    "top_5_accuracy": _top_accuracy(5),
    "f1": _f1,
    "f1_macro": _f1_macro,
    "f1_micro": _f1_micro,
    "f1_weighted": _f1_weighted,
    "auroc": _auroc,
    "average_precision": _average_precision,
    "mcc": _mcc,
    "brier_score_loss": _brier_score,
    "calibration_error": _calibration_error,
    "token_accuracy": _accuracy,
    "token_f1": _f1_macro,
    "token_f1_weighted": _f1_weighted,
    "relation_f1": relation_f1,
    "span_f1": span_f1,
    "r2": lambda p, y, kind, classes: functional.r2(p, y),
    "mse": lambda p, y, kind, classes: functional.mean_squared_error(p, y),
    "rmse": lambda p, y, kind, classes: functional.mean_squared_error(p, y).sqrt(),
    "mae": lambda p, y, kind, classes: functional.mean_absolute_error(p, y),
    "pinball_loss_10": _pinball(0.1),
    "pinball_loss_50": _pinball(0.5),
    "pinball_loss_90": _pinball(0.9),
}
# Of a vector each element is scored by itself: (prediction, target) of one element.
_OF_ELEMENTS: dict[str, Compute] = {"pearson_corrcoef": pearson, "spearman_corrcoef": spearman}
assert _FUNCTIONS.keys() | _OF_ELEMENTS.keys() == METRICS.keys(), "every metric is computed here"


def compute(
    name: str | OwnMetric,
    prediction: Tensor,
    target: Tensor,
    kind: TargetKind,
    classes: int,
    *,
    names: Sequence[str] = (),
) -> float:
    """Compute a metric over the labelled samples.

    Args:
        name: The name of the metric, or a metric of one's own.
        prediction: (N, C) probabilities, (N,) probabilities or values, (N, L) probabilities or
            values, or (N, T) tags.
        target: The labels as the data set has them, with missing ones.
        kind: The kind of the target.
        classes: The number of classes, labels or tags.
        names: Their names, for the metrics that take them.

    Returns:
        The value; NaN when there is no label or the metric is undefined on these labels.

    Examples:
        >>> probabilities = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> compute("accuracy", probabilities, torch.tensor([0, 1, -1]), "class", 2)
        1.0
    """
    if isinstance(name, OwnMetric):
        return name.value(as_array(prediction), as_array(target), kind)
    if METRICS[name].takes_class_names:
        return float(_FUNCTIONS[name](prediction, target, names))
    if kind == "vector" and name == "r2":  # which needs to know the element of each value
        return float(functional.vector_r2(prediction, target))
    if name in _OF_ELEMENTS:
        return float(_of_elements(prediction, target, _OF_ELEMENTS[name]))
    prediction, target = labelled_rows(prediction, target, kind)
    if len(target) == 0 or (name == "r2" and len(target) < 2):
        return float("nan")
    return float(_FUNCTIONS[name](prediction, target, kind, classes))


def as_array(values: Tensor) -> Array:
    """Return an array with fractions in the precision in which metrics compare them."""
    values = values.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()


def labelled_rows(prediction: Tensor, target: Tensor, kind: TargetKind) -> tuple[Tensor, Tensor]:
    """Return only the labelled samples.

    A multilabel row is left out when none of its labels is known; tokens and vectors are flattened.
    """
    if kind in REAL_KINDS:
        is_labelled = ~torch.isnan(target)
    elif kind == "multilabel":
        is_labelled = (target != MISSING).any(dim=1)
    else:
        is_labelled = target != MISSING
    if prediction.is_floating_point():
        prediction = prediction.float()
    # Indexing copies, which is only needed where something is left out or flattened.
    if is_labelled.all() and kind not in ("tags", "vector"):
        return prediction, target
    return prediction[is_labelled], target[is_labelled]
