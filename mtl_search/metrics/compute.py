"""Metrics by name, over all labelled samples of a split at once.

A metric that the labels leave undefined (AUROC where only one class occurs) is NaN, never a
made-up number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from mtl_search.data.types import MISSING, REAL_KINDS, TargetKind
from mtl_search.metrics import functional
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.relation_f1 import relation_f1
from mtl_search.metrics.span_f1 import span_f1

# Computes a scalar from (prediction, target, kind, classes) of the labelled samples only. A metric
# that takes class names gets (prediction, target, class names) of all samples instead.
Compute = Callable[..., Tensor]


def _accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return functional.accuracy(p > 0.5 if kind == "binary" else p.argmax(dim=1), y)


def _balanced_accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    counts = functional.count_classes(p.argmax(dim=1), y, classes)
    # A class that does not occur has no recall.
    return counts.recall[counts.actual > 0].mean()


def _f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "binary":
        # scikit-learn calls F1 without a positive label ill-defined.
        f1 = functional.count_positives(p > 0.5, y == 1).f1
        return f1 if (y == 1).any() else torch.tensor(torch.nan)
    if kind == "multilabel":
        counts = functional.count_positives(p > 0.5, y == 1, y != MISSING)
        return functional.macro_mean(counts.f1, counts.actual > 0)
    return _token_f1(p.argmax(dim=1), y, kind, classes)


def _token_accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return functional.accuracy(p, y)


def _token_f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    counts = functional.count_classes(p, y, classes)
    return functional.macro_mean(counts.f1, counts.occurs)


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
    for column_p, column_y in _columns(p, y, kind, classes):
        if len(column_y) and _has_both_outcomes(column_y):
            scores.append(score(column_p, column_y))
    return torch.stack(scores).mean() if scores else torch.tensor(torch.nan)


def _columns(
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


def _has_both_outcomes(y: Tensor) -> bool:
    return 0 < int(y.sum()) < len(y)


def _mcc(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if not _has_both_outcomes(y):
        return torch.tensor(torch.nan)
    return functional.matthews_correlation(p > 0.5, y == 1)


_FUNCTIONS: dict[str, Compute] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "auroc": _auroc,
    "average_precision": _average_precision,
    "mcc": _mcc,
    "token_accuracy": _token_accuracy,
    "token_f1": _token_f1,
    "relation_f1": relation_f1,
    "span_f1": span_f1,
    "r2": lambda p, y, kind, classes: functional.r2(p, y),
    "mse": lambda p, y, kind, classes: functional.mean_squared_error(p, y),
    "rmse": lambda p, y, kind, classes: functional.mean_squared_error(p, y).sqrt(),
    "mae": lambda p, y, kind, classes: functional.mean_absolute_error(p, y),
}
assert _FUNCTIONS.keys() == METRICS.keys(), "every metric that is defined is computed here"


def compute(
    name: str,
    prediction: Tensor,
    target: Tensor,
    kind: TargetKind,
    classes: int,
    *,
    names: Sequence[str] = (),
) -> float:
    """Compute a metric over the labelled samples.

    Args:
        name: The name of the metric.
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
    if METRICS[name].takes_class_names:
        return float(_FUNCTIONS[name](prediction, target, names))
    if kind == "vector" and name == "r2":  # which needs to know the element of each value
        return float(functional.vector_r2(prediction, target))
    prediction, target = _labelled(prediction, target, kind)
    if len(target) == 0 or (name == "r2" and len(target) < 2):
        return float("nan")
    return float(_FUNCTIONS[name](prediction, target, kind, classes))


def _labelled(prediction: Tensor, target: Tensor, kind: TargetKind) -> tuple[Tensor, Tensor]:
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
