"""Metrics by name, computed by torchmetrics over all labelled samples of a split at once.

The data set has checked the labels already, so torchmetrics does not check them again (`validate_args=False`): for
small splits that takes as long as the metric.

A metric that the labels leave undefined (AUROC where only one class occurs) is NaN, never a made-up number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mtl_search.data.types import MISSING, TargetKind
from mtl_search.extras import define_torchvision_schemas
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.relation_f1 import relation_f1
from mtl_search.metrics.span_f1 import span_f1

define_torchvision_schemas()  # before torchmetrics, which imports torchvision when it is there

import torchmetrics.functional as F  # noqa: E402
from torchmetrics.functional.classification import (  # noqa: E402
    binary_auroc,
    binary_average_precision,
)

# (prediction, target, kind, classes) → scalar. Only labelled samples come in.
# Of a metric by name: (prediction, target, names of the classes) → scalar. Everything comes in, as the data set has it.
Compute = Callable[..., Tensor]


def _accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "binary":
        return F.accuracy(p, y, task="binary", validate_args=False)
    return F.accuracy(
        p, y, task="multiclass", num_classes=classes, average="micro", validate_args=False
    )


def _balanced_accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    present = torch.unique(y)
    recall = F.recall(
        p, y, task="multiclass", num_classes=classes, average="none", validate_args=False
    )
    return recall[present].mean()


def _f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "binary":
        return F.f1_score(p, y, task="binary", validate_args=False)
    if kind == "multilabel":
        return F.f1_score(
            p,
            y,
            task="multilabel",
            num_labels=classes,
            average="macro",
            ignore_index=MISSING,
            validate_args=False,
        )
    return F.f1_score(
        p, y, task="multiclass", num_classes=classes, average="macro", validate_args=False
    )


def _auroc(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return _mean_over_columns(p, y, kind, classes, binary_auroc)


def _average_precision(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return _mean_over_columns(p, y, kind, classes, binary_average_precision)


def _mean_over_columns(
    p: Tensor, y: Tensor, kind: TargetKind, classes: int, score: Callable[..., Tensor]
) -> Tensor:
    """Mean of a binary score, one against the rest, over the classes or labels that occur with both outcomes."""
    if kind == "binary":
        columns = [(p, y)]
    elif kind == "multilabel":
        columns = [
            (p[known, label], y[known, label]) for label, known in enumerate((y != MISSING).T)
        ]
    else:
        columns = [(p[:, label], (y == label).long()) for label in range(classes)]
    scores = [
        score(a, b, validate_args=False) for a, b in columns if len(b) and 0 < int(b.sum()) < len(b)
    ]
    return torch.stack(scores).mean() if scores else torch.tensor(torch.nan)


def _mcc(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if (
        not 0 < int(y.sum()) < len(y)
    ):  # torchmetrics has numbers for labels of one outcome that mean nothing
        return torch.tensor(torch.nan)
    return F.matthews_corrcoef(p, y, task="binary", validate_args=False)


def _token_f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return F.f1_score(
        p, y, task="multiclass", num_classes=classes, average="macro", validate_args=False
    )


def _token_accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return F.accuracy(
        p, y, task="multiclass", num_classes=classes, average="micro", validate_args=False
    )


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
    # It takes the square of a sum from a sum of squares: of 1000 ± 1, single precision leaves one digit.
    "r2": lambda p, y, kind, classes: F.r2_score(p.double(), y.double()),
    "mse": lambda p, y, kind, classes: F.mean_squared_error(p, y),
    "rmse": lambda p, y, kind, classes: F.mean_squared_error(p, y, squared=False),
    "mae": lambda p, y, kind, classes: F.mean_absolute_error(p, y),
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
    """A metric over the labelled samples.

    Args:
        name: Of the metric.
        prediction: (N, C) probabilities, (N,) probabilities or values, (N, L) probabilities, or (N, T) tags.
        target: As the data set has it, with missing labels.
        kind: Kind of the target.
        classes: Number of classes, labels or tags.
        names: What they are called, for the metrics that ask for it.

    Returns:
        The value; NaN when there is no label or the metric is undefined on these labels.
    """
    if METRICS[name].by_name:
        return float(_FUNCTIONS[name](prediction, target, names))
    prediction, target = _labelled(prediction, target, kind)
    if len(target) == 0 or (name == "r2" and len(target) < 2):
        return float("nan")
    return float(_FUNCTIONS[name](prediction, target, kind, classes))


def _labelled(prediction: Tensor, target: Tensor, kind: TargetKind) -> tuple[Tensor, Tensor]:
    """Only the labelled samples; a multilabel row goes when none of its labels is known; tokens are flattened."""
    if kind == "real":
        known = ~torch.isnan(target)
    elif kind == "multilabel":
        known = (target != MISSING).any(dim=1)
    else:
        known = target != MISSING
    prediction = prediction.float() if prediction.is_floating_point() else prediction
    return (
        (prediction, target)
        if known.all() and kind != "tags"
        else (prediction[known], target[known])
    )
