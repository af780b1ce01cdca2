"""The value of each metric for the best constant prediction: what is reached without learning.

The prediction is fitted on the labels that it is judged by. So the value depends on the labels
alone, and each has a closed form.

Legend: N samples, C classes or tags, L labels of a multilabel target, T tokens, M labelled cells
(samples or tokens).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from mtl_search.data.types import MISSING, Array, TargetKind
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.labels import (
    element_values,
    known_values,
    label_variance,
    labelled_entities,
    outcome_columns,
)
from mtl_search.metrics.own import OwnMetric
from mtl_search.metrics.relation_f1 import relation_numbers
from mtl_search.metrics.span_f1 import tag_kinds
from mtl_search.metrics.undefined import TOP, why_undefined

Trivial = Callable[[Array, TargetKind, int, Sequence[str]], float]


def trivial_value(
    metric: str | OwnMetric,
    values: Array,
    kind: TargetKind,
    classes: int,
    names: Sequence[str] = (),
) -> float:
    """Return the metric of the best constant prediction on these labels.

    For metrics that rank (`auroc`, `average_precision`) every constant is alike; for `f1` of binary
    and multilabel targets the best one is "always positive".

    Args:
        metric: The name of the metric, or a metric of one's own.
        values: The labels as `mtl_search.data.Target` has them, missing ones included.
        kind: The kind of the target.
        classes: The number of classes, labels or tags.
        names: Their names, for the metrics that take them.

    Returns:
        The value; NaN where the labels leave the metric undefined, see `why_undefined`.

    Examples:
        >>> trivial_value("accuracy", np.array([0, 1, 1, -1]), "class", 2)
        0.6666666666666666
        >>> trivial_value("mae", np.array([1.0, 2.0, 6.0]), "real", 1)
        1.6666666666666667
    """
    if isinstance(metric, OwnMetric):
        return metric.trivial_value(values, kind, classes)
    if why_undefined(metric, values, kind, classes, names):
        return float("nan")
    return float(_FUNCTIONS[metric](values, kind, classes, names))


def _accuracy(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    labels = known_values(values, kind)
    return float(np.bincount(labels).max()) / len(labels)


def _balanced_accuracy(
    values: Array, kind: TargetKind, classes: int, names: Sequence[str]
) -> float:
    # The class that is predicted has the recall 1, all others have 0.
    return 1.0 / len(np.unique(known_values(values, kind)))


def _top_accuracy(k: int) -> Trivial:
    def share(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
        labels = known_values(values, kind)
        return float(np.sort(np.bincount(labels))[::-1][:k].sum()) / len(labels)

    return share


def _f1(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    if kind == "binary":
        return _f1_of_always(float(np.mean(known_values(values, kind))))
    return _f1_macro(values, kind, classes, names)


def _f1_macro(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    if kind == "multilabel":
        columns = outcome_columns(values, kind, classes)
        shares = [float(np.mean(column)) for column in columns]
        return float(np.mean([_f1_of_always(share) for share in shares if share > 0]))
    counts = np.bincount(known_values(values, kind))
    return _f1_of_always(counts.max() / counts.sum()) / int(np.count_nonzero(counts))


def _f1_micro(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    if kind != "multilabel":
        return _accuracy(values, kind, classes, names)
    # Labels are always predicted from the most frequent one on, as long as that helps.
    columns = sorted(
        outcome_columns(values, kind, classes), key=lambda column: -float(column.mean())
    )
    positives = np.array([column.sum() for column in columns])
    predicted = np.cumsum([len(column) for column in columns])
    return float((2 * positives.cumsum() / (predicted + positives.sum())).max())


def _f1_weighted(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    if kind == "multilabel":
        columns = outcome_columns(values, kind, classes)
        positives = np.array([column.sum() for column in columns])
        scores = [_f1_of_always(float(column.mean())) for column in columns]
        return float((positives * scores).sum() / positives.sum())
    share = _accuracy(values, kind, classes, names)
    return share * _f1_of_always(share)


def _f1_of_always(share: float) -> float:
    """Return the F1 of a class that is always predicted: precision is its share, recall is 1."""
    return 2.0 * share / (1.0 + share)


def _auroc(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    return 0.5


def _average_precision(
    values: Array, kind: TargetKind, classes: int, names: Sequence[str]
) -> float:
    prevalences = [float(column.mean()) for column in outcome_columns(values, kind, classes)]
    return float(np.mean([share for share in prevalences if 0 < share < 1]))


def _brier_score(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    """Return that of the shares of the classes, or of the positives of each label."""
    if kind == "class":
        labels = known_values(values, kind)
        return 1.0 - float(((np.bincount(labels) / len(labels)) ** 2).sum())
    shares = [float(column.mean()) for column in outcome_columns(values, kind, classes)]
    return float(np.mean([share * (1 - share) for share in shares]))


def _zero(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    return 0.0


def _relation_f1(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    labels = known_values(values, kind)
    relation_of, other = relation_numbers(names)
    counts_C = np.bincount(labels, minlength=len(names))
    actual = np.bincount(relation_of[labels], minlength=other + 1)
    f1_C = 2.0 * counts_C / (actual[relation_of] + len(labels))
    return float(f1_C[relation_of != other].max()) / np.count_nonzero(actual[:other])


def _span_f1(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    """Compare "every token is an entity" (always `B-kind`) with "every sentence" (`I-kind`)."""
    tokens_N = (values != MISSING).sum(axis=1)
    sentence_of = np.repeat(np.arange(len(values)), tokens_N)
    first, last, kind_of = labelled_entities(values, names).T
    lengths = last - first + 1
    is_token = lengths == 1
    is_sentence = lengths == tokens_N[sentence_of[first]]
    best = 0.0
    for number, begins in zip(*tag_kinds(names), strict=True):
        proposed = tokens_N.sum() if begins else np.count_nonzero(tokens_N)
        right = np.count_nonzero((is_token if begins else is_sentence) & (kind_of == number))
        best = max(best, 2.0 * right / (proposed + len(first)))
    return best


def _mse(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    return label_variance(values, kind)


def _rmse(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    return math.sqrt(_mse(values, kind, classes, names))


def _mae(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
    columns = element_values(values, kind)
    total = sum(float(np.abs(column - np.median(column)).sum()) for column in columns)
    return total / sum(map(len, columns))


def _pinball(quantile: float) -> Trivial:
    """Return that of the quantile, of a vector of that of each element."""

    def loss(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> float:
        columns = element_values(values, kind)
        total = 0.0
        for column in columns:
            above = column - np.quantile(column, quantile, method="inverted_cdf")
            total += float(np.maximum(quantile * above, (quantile - 1) * above).sum())
        return total / sum(map(len, columns))

    return loss


_FUNCTIONS: dict[str, Trivial] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    **{name: _top_accuracy(k) for name, k in TOP.items()},
    "f1": _f1,
    "f1_macro": _f1_macro,
    "f1_micro": _f1_micro,
    "f1_weighted": _f1_weighted,
    "auroc": _auroc,
    "average_precision": _average_precision,
    "mcc": _zero,
    "brier_score_loss": _brier_score,
    "calibration_error": _zero,
    "token_accuracy": _accuracy,
    "token_f1": _f1_macro,
    "token_f1_weighted": _f1_weighted,
    "relation_f1": _relation_f1,
    "span_f1": _span_f1,
    "r2": _zero,
    "pearson_corrcoef": _zero,
    "spearman_corrcoef": _zero,
    "mse": _mse,
    "rmse": _rmse,
    "mae": _mae,
    "pinball_loss_10": _pinball(0.1),
    "pinball_loss_50": _pinball(0.5),
    "pinball_loss_90": _pinball(0.9),
}
assert _FUNCTIONS.keys() == METRICS.keys(), "every metric that is defined has a trivial value"
