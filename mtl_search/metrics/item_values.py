"""Every metric as a mean over items, so that the spread over test items can be told.

The values of a metric θ on N items are θ + the influence of each item: the derivative of θ by the
item's weight, times N (the infinitesimal jackknife; L. A. Jaeckel 1972, "The infinitesimal
jackknife"; B. Efron 1982, "The jackknife, the bootstrap and other resampling plans", chapter 6).
Their mean is θ. Where θ is a mean over items already, such as accuracy, they are the items' own
scores. The difference to leaving an item out is of the order 1/N.

Legend: N items (samples; a sentence with its T tokens is one), C classes, L labels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from torch import Tensor

from mtl_search.data.types import MISSING, Array, TargetKind
from mtl_search.metrics.compute import as_array as _array
from mtl_search.metrics.compute import compute
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.influence import (
    correlations,
    counts,
    entities,
    errors,
    probabilities,
    rankings,
)
from mtl_search.metrics.influence.cells import Cells
from mtl_search.metrics.own import OwnMetric


def item_values(
    metric: str | OwnMetric,
    prediction: Tensor,
    target: Tensor,
    kind: TargetKind,
    classes: int,
    *,
    names: Sequence[str] = (),
) -> Array:
    """Return a value for each item, whose mean is the metric.

    An item without a label has the value of the metric itself: it changes nothing.

    Args:
        metric: The name of the metric, or a metric of one's own.
        prediction: (N, C) probabilities, (N,) probabilities or values, (N, L) probabilities or
            values, or (N, T) tags.
        target: The labels as the data set has them, with missing ones.
        kind: The kind of the target.
        classes: The number of classes, labels or tags.
        names: Their names, for the metrics that take them.

    Returns:
        (N,) the values in double precision; all NaN where the metric is undefined.

    Examples:
        >>> import torch
        >>> probabilities = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
        >>> item_values("accuracy", probabilities, torch.tensor([0, 1, 0]), "class", 2).round(6)
        array([1., 1., 0.])
    """
    if isinstance(metric, OwnMetric):
        return metric.item_values(_array(prediction), _array(target), kind)
    value = compute(metric, prediction, target, kind, classes, names=names)
    if math.isnan(value):
        return np.full(len(target), np.nan)
    influence: Array = _INFLUENCES[metric](prediction, target, kind, classes, names)
    return value + influence


Influence = Callable[[Tensor, Tensor, TargetKind, int, Sequence[str]], Array]


def _answers(p: Tensor, y: Tensor, kind: TargetKind) -> Cells:
    """Return the labelled samples or tokens with the class that was predicted."""
    if kind == "tags":
        answer = p
    elif kind == "binary":
        answer = p > 0.5
    else:
        answer = p.argmax(dim=1)
    label = _array(y)
    return Cells.known(_array(answer.long()), label, label != MISSING)


def _values(p: Tensor, y: Tensor) -> Cells:
    """Return the labelled samples or elements of a real target, in double precision."""
    label = _array(y).astype(np.float64)
    return Cells.known(_array(p).astype(np.float64), label, ~np.isnan(label))


def _columns(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Iterator[Cells]:
    """Yield scores and 0/1 labels of each label, or of each class against the rest."""
    score, label = _array(p), _array(y)
    if kind == "binary":
        yield Cells.known(score, label, label != MISSING)
    elif kind == "multilabel":
        for column in range(label.shape[1]):
            of_column = label[:, column]
            yield Cells.known(score[:, column], of_column, of_column != MISSING)
    else:
        for number in range(classes):
            is_class = (label == number).astype(np.int64)
            yield Cells.known(score[:, number], is_class, label != MISSING)


def _of_answers(influence: Callable[[Cells], Array]) -> Influence:
    return lambda p, y, kind, classes, names: influence(_answers(p, y, kind))


def _of_values(influence: Callable[[Cells], Array]) -> Influence:
    return lambda p, y, kind, classes, names: influence(_values(p, y))


def _of_columns(influence: Callable[[Cells], Array]) -> Influence:
    """Return the influence on the mean over the columns with both outcomes."""

    def mean(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
        scored = [
            influence(cells)
            for cells in _columns(p, y, kind, classes)
            if 0 < cells.label.sum() < len(cells.label)
        ]
        return _mean(scored)

    return mean


def _mean(influences: Sequence[Array]) -> Array:
    """Return the influence on a mean of metrics, (N,)."""
    return np.asarray(np.mean(influences, axis=0))


def _f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
    if kind == "binary":
        return counts.positive_f1(_answers(p, y, kind))
    return _f1_macro(p, y, kind, classes, names)


def _f1_macro(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
    if kind == "multilabel":
        return _mean([counts.positive_f1(cells) for cells in _columns_with_positive(p, y, classes)])
    return counts.macro_f1(_answers(p, y, kind), max(classes, 2))


def _f1_micro(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
    if kind != "multilabel":
        return counts.accuracy(_answers(p, y, kind))
    label = _array(y)
    return counts.positive_f1(Cells.known(_array((p > 0.5).long()), label, label != MISSING))


def _f1_weighted(
    p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]
) -> Array:
    if kind == "multilabel":
        return counts.weighted_positive_f1(_columns_with_positive(p, y, classes))
    return counts.weighted_f1(_answers(p, y, kind), max(classes, 2))


def _columns_with_positive(p: Tensor, y: Tensor, classes: int) -> list[Cells]:
    """Return the predicted and actual positives of each label; one without any has no F1."""
    columns = _columns((p > 0.5).long(), y, "multilabel", classes)
    return [cells for cells in columns if cells.label.any()]


def _mcc(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
    return counts.matthews_correlation(_answers(p, y, kind), max(classes, 2))


def _of_probabilities(influence: Callable[[Cells], Array]) -> Influence:
    """Return the influence on a metric of all probabilities of a sample, or on a mean of labels."""

    def of(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
        if kind == "multilabel":
            columns = _columns(p, y, kind, classes)
            return _mean([influence(cells) for cells in columns if len(cells.label)])
        label = _array(y)
        return influence(Cells.known(_array(p), label, label != MISSING))

    return of


def _of_elements(influence: Callable[[Cells], Array]) -> Influence:
    """Return the influence on the mean over the elements of a vector whose labels differ."""

    def mean(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
        columns = zip(p.reshape(len(p), -1).T, y.reshape(len(y), -1).T, strict=True)
        elements = [_values(*column) for column in columns]
        varied = [c for c in elements if len(c.label) and c.label.min() < c.label.max()]
        return _mean([influence(cells) for cells in varied])

    return mean


def _r2(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
    if kind == "vector":
        mean_L = y.double().nanmean(dim=0)  # each element varies around its own mean
        return errors.r2(_values(p - mean_L, y - mean_L))
    return errors.r2(_values(p, y))


def _relation_f1(
    p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]
) -> Array:
    return counts.relation_f1(_answers(p, y, kind), names)


def _span_f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int, names: Sequence[str]) -> Array:
    return entities.span_f1(_array(p), _array(y), names)


_INFLUENCES: dict[str, Influence] = {
    "accuracy": _of_answers(counts.accuracy),
    "balanced_accuracy": _of_answers(counts.balanced_accuracy),
    "top_2_accuracy": _of_probabilities(partial(probabilities.top_accuracy, k=2)),
    "top_3_accuracy": _of_probabilities(partial(probabilities.top_accuracy, k=3)),
    "top_5_accuracy": _of_probabilities(partial(probabilities.top_accuracy, k=5)),
    "f1": _f1,
    "f1_macro": _f1_macro,
    "f1_micro": _f1_micro,
    "f1_weighted": _f1_weighted,
    "auroc": _of_columns(rankings.auroc),
    "average_precision": _of_columns(rankings.average_precision),
    "mcc": _mcc,
    "brier_score_loss": _of_probabilities(probabilities.brier_score),
    "calibration_error": _of_probabilities(probabilities.calibration_error),
    "token_accuracy": _of_answers(counts.accuracy),
    "token_f1": _f1_macro,
    "token_f1_weighted": _f1_weighted,
    "relation_f1": _relation_f1,
    "span_f1": _span_f1,
    "r2": _r2,
    "pearson_corrcoef": _of_elements(correlations.pearson),
    "spearman_corrcoef": _of_elements(correlations.spearman),
    "mse": _of_values(errors.mean_squared_error),
    "rmse": _of_values(errors.root_mean_squared_error),
    "mae": _of_values(errors.mean_absolute_error),
    "pinball_loss_10": _of_values(partial(errors.pinball_loss, quantile=0.1)),
    "pinball_loss_50": _of_values(partial(errors.pinball_loss, quantile=0.5)),
    "pinball_loss_90": _of_values(partial(errors.pinball_loss, quantile=0.9)),
}
assert _INFLUENCES.keys() == METRICS.keys(), "every metric that is defined has item values"
