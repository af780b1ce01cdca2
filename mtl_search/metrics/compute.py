"""Metrics by name, computed by torchmetrics over all labelled samples of a split at once.

The data set has checked the labels already, so torchmetrics does not check them again (`validate_args=False`): for
small splits that takes as long as the metric.

A metric that the labels leave undefined (AUROC where only one class occurs) is NaN, never a made-up number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torchmetrics.functional as F
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc, binary_average_precision

from mtl_search.config import Config
from mtl_search.data.dataset import MISSING, TargetKind
from mtl_search.errors import ConfigError
from mtl_search.metrics.relation_f1 import relation_f1
from mtl_search.metrics.span_f1 import span_f1
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.registry import Registry

# (prediction, target, kind, classes) → scalar. Only labelled samples come in.
# Of a metric by name: (prediction, target, names of the classes) → scalar. Everything comes in, as the data set has it.
Compute = Callable[..., Tensor]


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        compute: The value from predictions and labels.
        higher_is_better: Direction.
        worst: Value of a predictor that knows nothing, for normalising: 0.5 for AUROC, 0 for accuracy. For metrics in
            the target's own units it is a multiple of the labels' standard deviation (mae, rmse: 1) or variance (mse).
        power: 0 when `worst` is a plain number, 1 or 2 when it is a multiple of the standard deviation to that power.
        by_name: `compute` gets everything as it is, missing labels included, and the names of the classes.
    """

    compute: Compute
    higher_is_better: bool = True
    worst: float = 0.0
    power: int = 0
    by_name: bool = False

    def normalise(self, value: float, deviation: float = 1.0) -> float:
        """The value on a scale where 1 is perfect and 0 knows nothing.

        Args:
            value: Of this metric.
            deviation: Standard deviation of the training labels, for metrics in the target's units.
        """
        worst = self.worst * deviation**self.power
        best = 1.0 if self.higher_is_better else 0.0
        return (value - worst) / (best - worst)


def _accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "binary":
        return F.accuracy(p, y, task="binary", validate_args=False)
    return F.accuracy(p, y, task="multiclass", num_classes=classes, average="micro", validate_args=False)


def _balanced_accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    present = torch.unique(y)
    recall = F.recall(p, y, task="multiclass", num_classes=classes, average="none", validate_args=False)
    return recall[present].mean()


def _f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if kind == "binary":
        return F.f1_score(p, y, task="binary", validate_args=False)
    if kind == "multilabel":
        return F.f1_score(
            p, y, task="multilabel", num_labels=classes, average="macro", ignore_index=MISSING, validate_args=False
        )
    return F.f1_score(p, y, task="multiclass", num_classes=classes, average="macro", validate_args=False)


def _auroc(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return _mean_over_columns(p, y, kind, classes, binary_auroc)


def _average_precision(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return _mean_over_columns(p, y, kind, classes, binary_average_precision)


def _mean_over_columns(p: Tensor, y: Tensor, kind: TargetKind, classes: int, score: Callable[..., Tensor]) -> Tensor:
    """Mean of a binary score, one against the rest, over the classes or labels that occur with both outcomes."""
    if kind == "binary":
        columns = [(p, y)]
    elif kind == "multilabel":
        columns = [(p[known, label], y[known, label]) for label, known in enumerate((y != MISSING).T)]
    else:
        columns = [(p[:, label], (y == label).long()) for label in range(classes)]
    scores = [score(a, b, validate_args=False) for a, b in columns if len(b) and 0 < int(b.sum()) < len(b)]
    return torch.stack(scores).mean() if scores else torch.tensor(torch.nan)


def _mcc(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    if not 0 < int(y.sum()) < len(y):  # torchmetrics has numbers for labels of one outcome that mean nothing
        return torch.tensor(torch.nan)
    return F.matthews_corrcoef(p, y, task="binary", validate_args=False)


def _token_f1(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return F.f1_score(p, y, task="multiclass", num_classes=classes, average="macro", validate_args=False)


def _token_accuracy(p: Tensor, y: Tensor, kind: TargetKind, classes: int) -> Tensor:
    return F.accuracy(p, y, task="multiclass", num_classes=classes, average="micro", validate_args=False)


METRICS: Registry[Metric] = Registry(
    "metric",
    {
        "accuracy": Metric(_accuracy),
        "balanced_accuracy": Metric(_balanced_accuracy),
        "f1": Metric(_f1),
        "auroc": Metric(_auroc, worst=0.5),
        "average_precision": Metric(_average_precision),
        "mcc": Metric(_mcc),
        "token_accuracy": Metric(_token_accuracy),
        "token_f1": Metric(_token_f1),
        "relation_f1": Metric(relation_f1, by_name=True),
        "span_f1": Metric(span_f1, by_name=True),
        # It takes the square of a sum from a sum of squares: of 1000 ± 1, single precision leaves one digit.
        "r2": Metric(lambda p, y, kind, classes: F.r2_score(p.double(), y.double())),
        "mse": Metric(lambda p, y, kind, classes: F.mean_squared_error(p, y), False, worst=1.0, power=2),
        "rmse": Metric(
            lambda p, y, kind, classes: F.mean_squared_error(p, y, squared=False), False, worst=1.0, power=1
        ),
        "mae": Metric(lambda p, y, kind, classes: F.mean_absolute_error(p, y), False, worst=1.0, power=1),
    },
)


def metric_names(config: Config, network: MultiTaskNetwork) -> dict[str, tuple[str, ...]]:
    """Task → names of its metrics; the head's first where the config names none.

    Raises:
        ConfigError: A metric that the task's head cannot give.
    """
    names = {}
    for task, head in network.heads.items():
        wanted = config.tasks[task].metrics or head.metrics[:1]
        for number, name in enumerate(wanted):
            if name not in head.metrics:
                raise ConfigError(
                    f"the head {config.tasks[task].head.name!r} cannot give this metric",
                    path=f"tasks.{task}.metrics.{number}", value=name, allowed=head.metrics,
                )  # fmt: skip
        names[task] = tuple(wanted)
    return names


def compute(
    name: str, prediction: Tensor, target: Tensor, kind: TargetKind, classes: int, *, names: Sequence[str] = ()
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
        return float(METRICS[name].compute(prediction, target, names))
    prediction, target = _labelled(prediction, target, kind)
    if len(target) == 0 or (name == "r2" and len(target) < 2):
        return float("nan")
    return float(METRICS[name].compute(prediction, target, kind, classes))


def _labelled(prediction: Tensor, target: Tensor, kind: TargetKind) -> tuple[Tensor, Tensor]:
    """Only the labelled samples; a multilabel row goes when none of its labels is known; tokens are flattened."""
    if kind == "real":
        known = ~torch.isnan(target)
    elif kind == "multilabel":
        known = (target != MISSING).any(dim=1)
    else:
        known = target != MISSING
    prediction = prediction.float() if prediction.is_floating_point() else prediction
    return (prediction, target) if known.all() and kind != "tags" else (prediction[known], target[known])
