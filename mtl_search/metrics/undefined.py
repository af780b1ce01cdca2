"""Labels that leave a metric undefined, so that it is left out by name before anything trains.

It is the case where the metric is NaN for every prediction, and where no prediction, however right,
could be told from any other: F1 without a positive label, R² of labels that are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtl_search.data.types import Array, TargetKind
from mtl_search.metrics.labels import (
    element_values,
    known_values,
    label_variance,
    labelled_entities,
    outcome_columns,
)
from mtl_search.metrics.own import OwnMetric
from mtl_search.metrics.relation_f1 import relation_numbers

# Returns the reason in words; empty where the labels leave the metric defined.
Reason = Callable[[Array, TargetKind, int, Sequence[str]], str]

# Metric → how many classes count as a hit.
TOP = {"top_2_accuracy": 2, "top_3_accuracy": 3, "top_5_accuracy": 5}


def why_undefined(
    metric: str | OwnMetric,
    values: Array,
    kind: TargetKind,
    classes: int,
    names: Sequence[str] = (),
) -> str:
    """Return in words why these labels say nothing by this metric; empty where they do.

    Args:
        metric: The name of the metric, or a metric of one's own.
        values: The labels as `mtl_search.data.Target` has them, missing ones included.
        kind: The kind of the target.
        classes: The number of classes, labels or tags.
        names: Their names, for the metrics that take them.

    Examples:
        >>> import numpy as np
        >>> why_undefined("auroc", np.array([1, 1, -1]), "binary", 1)
        'only one outcome occurs'
    """
    if isinstance(metric, OwnMetric):
        return metric.why_undefined(values, kind, classes)
    if len(known_values(values, kind)) == 0:
        return "there is no label"
    reason = _REASONS.get(metric)
    return reason(values, kind, classes, names) if reason else ""


def _one_outcome(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
    shares = [column.mean() for column in outcome_columns(values, kind, classes)]
    return "" if any(0 < share < 1 for share in shares) else "only one outcome occurs"


def _one_class(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
    labels = known_values(values, kind)
    return "" if labels.min() < labels.max() else "only one outcome occurs"


def _no_positive(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
    if kind not in ("binary", "multilabel"):
        return ""
    return "" if (known_values(values, kind) == 1).any() else "there is no positive label"


def _no_positive_of_many(
    values: Array, kind: TargetKind, classes: int, names: Sequence[str]
) -> str:
    # Of two outcomes the averages of F1 are over both.
    return _no_positive(values, kind, classes, names) if kind == "multilabel" else ""


def _too_few_classes(k: int) -> Reason:
    def reason(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
        return "" if classes > k else f"each of the {classes} classes is among the first {k}"

    return reason


def _no_relation(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
    relation_of, other = relation_numbers(names)
    occurs = (relation_of[known_values(values, kind)] != other).any()
    return "" if occurs else "no relation occurs"


def _no_entity(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
    return "" if len(labelled_entities(values, names)) else "no entity occurs"


def _all_alike(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
    return "" if label_variance(values, kind) > 0 else "all labels are alike"


def _each_alike(values: Array, kind: TargetKind, classes: int, names: Sequence[str]) -> str:
    columns = element_values(values, kind)
    varied = any(column.min() < column.max() for column in columns)
    return "" if varied else "all labels are alike"


_REASONS: dict[str, Reason] = {
    **{metric: _too_few_classes(k) for metric, k in TOP.items()},
    "f1": _no_positive,
    "f1_macro": _no_positive_of_many,
    "f1_micro": _no_positive_of_many,
    "f1_weighted": _no_positive_of_many,
    "auroc": _one_outcome,
    "average_precision": _one_outcome,
    "mcc": _one_class,
    "relation_f1": _no_relation,
    "span_f1": _no_entity,
    "r2": _all_alike,
    "pearson_corrcoef": _each_alike,
    "spearman_corrcoef": _each_alike,
}
