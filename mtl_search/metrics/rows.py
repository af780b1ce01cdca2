"""Metrics of several rows of samples at once, such as those of several trials and tasks.

R rows, N samples of a row, C classes
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from mtl_search.data.types import MISSING, TargetKind
from mtl_search.metrics import functional
from mtl_search.metrics.compute import compute

# Of one row: (prediction, target, classes), without a branch that depends on the numbers.
_OfRow = Callable[[Tensor, Tensor, int], Tensor]


def _class_accuracy(p: Tensor, y: Tensor, classes: int) -> Tensor:
    return functional.accuracy(p.argmax(dim=1), y)


def _binary_accuracy(p: Tensor, y: Tensor, classes: int) -> Tensor:
    return functional.accuracy((p > 0.5).long(), y)


def _class_f1(p: Tensor, y: Tensor, classes: int) -> Tensor:
    predicted, actual = F.one_hot(p.argmax(dim=1), classes), F.one_hot(y, classes)
    counts = functional.Counts((predicted & actual).sum(0), predicted.sum(0), actual.sum(0))
    return functional.macro_mean(counts.f1, counts.occurs)


def _binary_f1(p: Tensor, y: Tensor, classes: int) -> Tensor:
    f1 = functional.count_positives(p > 0.5, y == 1).f1
    return torch.where((y == 1).any(), f1, torch.nan)


_AT_ONCE: dict[tuple[TargetKind, str], _OfRow] = {
    ("class", "accuracy"): _class_accuracy,
    ("class", "f1"): _class_f1,
    ("binary", "accuracy"): _binary_accuracy,
    ("binary", "f1"): _binary_f1,
    ("real", "r2"): lambda p, y, classes: functional.r2(p, y),
    ("real", "mse"): lambda p, y, classes: functional.mean_squared_error(p, y),
    ("real", "rmse"): lambda p, y, classes: functional.mean_squared_error(p, y).sqrt(),
    ("real", "mae"): lambda p, y, classes: functional.mean_absolute_error(p, y),
}


def compute_rows(
    name: str, prediction: Tensor, target: Tensor, kind: TargetKind, classes: int
) -> list[float]:
    """Compute a metric of each row, as `compute` does of one.

    The common metrics are computed of all rows at once where no label is missing.

    Args:
        name: The name of a metric that takes no class names.
        prediction: (R, N, ...), as `compute` takes it of one row.
        target: (R, N, ...).
        kind: The kind of the target.
        classes: The number of classes, labels or tags.

    Examples:
        >>> predictions = torch.tensor([[0.9, 0.2], [0.1, 0.2]])
        >>> compute_rows("accuracy", predictions, torch.tensor([[1, 0], [1, 0]]), "binary", 1)
        [1.0, 0.5]
    """
    of_row = _AT_ONCE.get((kind, name))
    if of_row is None or target.shape[1] < 2 or _lacks_labels(target):
        pairs = zip(prediction, target, strict=True)
        return [compute(name, p, y, kind, classes) for p, y in pairs]
    values = torch.vmap(lambda p, y: of_row(p, y, max(classes, 2)))(prediction.float(), target)
    numbers: list[float] = values.tolist()
    return numbers


def _lacks_labels(target: Tensor) -> bool:
    missing = target.isnan() if target.is_floating_point() else target == MISSING
    return bool(missing.any())
