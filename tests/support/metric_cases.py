"""Predictions and labels by chance for every metric and every kind of target that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.readers.semeval_text import DIRECTED
from mtl_search.data.types import TargetKind
from mtl_search.metrics.compute import compute
from mtl_search.metrics.definitions import METRICS

BIO = ("O", "B-x", "I-x", "B-y", "I-y")
MULTILABEL = 3
ELEMENTS = 3
CLASSES = 4


@dataclass(frozen=True)
class MetricCase:
    """One metric of one target.

    Attributes:
        metric: The metric's name.
        kind: The kind of the target.
        prediction: The predictions, as `compute` takes them.
        target: The labels, some of them missing.
        classes: The number of classes, labels or tags.
        names: Their names.
    """

    metric: str
    kind: TargetKind
    prediction: Tensor
    target: Tensor
    classes: int
    names: tuple[str, ...] = ()

    def value(self) -> float:
        return compute(
            self.metric, self.prediction, self.target, self.kind, self.classes, names=self.names
        )

    def of_items(self, items: Tensor) -> MetricCase:
        """The case with these items alone; an item may occur several times."""
        return replace(self, prediction=self.prediction[items], target=self.target[items])


Maker = Callable[[np.random.Generator, int], tuple[TargetKind, Tensor, Tensor, int]]


def _without_some(rng: np.random.Generator, target: Tensor, missing: float) -> Tensor:
    unknown = torch.from_numpy(rng.random(tuple(target.shape)) < 0.2)
    return torch.where(unknown, torch.tensor(missing, dtype=target.dtype), target)


def _class(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    return _of_classes(rng, n, (0.4, 0.3, 0.2, 0.1))


def _many_classes(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    return _of_classes(rng, n, (0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1))


def _of_classes(
    rng: np.random.Generator, n: int, shares: Sequence[float]
) -> tuple[TargetKind, Tensor, Tensor, int]:
    classes = len(shares)
    target = torch.from_numpy(rng.choice(classes, n, p=shares))
    logits = 1.5 * torch.nn.functional.one_hot(target, classes) + torch.from_numpy(
        rng.normal(size=(n, classes)).round(1)
    )
    return "class", logits.softmax(1).float(), _without_some(rng, target, -1), classes


def _binary(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    target = torch.from_numpy(rng.integers(0, 2, n))
    # Rounded, so that scores are equal; not to 0.5, which is on neither side.
    score = (0.3 * target + 0.72 * torch.from_numpy(rng.random(n))).mul(12).ceil() / 12.5
    return "binary", score.float(), _without_some(rng, target, -1), 1


def _multilabel(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    columns = [_binary(rng, n) for _ in range(MULTILABEL)]
    prediction = torch.stack([column[1] for column in columns], 1)
    target = torch.stack([column[2] for column in columns], 1)
    target[:: max(2, n // 10)] = -1  # items of which no label is known
    return "multilabel", prediction, target, MULTILABEL


def _real(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    value = torch.from_numpy(rng.normal(5, 2, n))
    prediction = value + torch.from_numpy(rng.normal(0.3, 1, n))
    return "real", prediction.float(), _without_some(rng, value.float(), float("nan")), 1


def _vector(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    columns = [_real(rng, n) for _ in range(ELEMENTS)]
    # Elements of different means and deviations, and one that never varies.
    factor_L, shift_L = torch.tensor([1.0, 3.0, 0.0]), torch.tensor([0.0, -20.0, 4.0])
    prediction = torch.stack([column[1] for column in columns], 1)
    target = torch.stack([column[2] for column in columns], 1) * factor_L + shift_L
    target[:: max(2, n // 10)] = torch.nan  # items of which no element is known
    return "vector", prediction * factor_L + shift_L, target, ELEMENTS


def _tags(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    target = torch.from_numpy(rng.integers(0, len(BIO), (n, 6)))
    other = torch.from_numpy(rng.integers(0, len(BIO), (n, 6)))
    tags = torch.where(torch.from_numpy(rng.random((n, 6)) < 0.3), other, target)
    lengths = torch.from_numpy(rng.integers(0, 7, (n, 1)))  # 0: a sentence without a label
    return "tags", tags, target.where(torch.arange(6) < lengths, -1), len(BIO)


def _relations(rng: np.random.Generator, n: int) -> tuple[TargetKind, Tensor, Tensor, int]:
    target = torch.from_numpy(rng.choice([0, 1, 4, 18], n))
    other = torch.from_numpy(rng.choice([0, 1, 4, 18], n))
    answer = torch.where(torch.from_numpy(rng.random(n) < 0.4), other, target)
    probabilities = torch.nn.functional.one_hot(answer, len(DIRECTED)).float()
    return "class", probabilities, _without_some(rng, target, -1), len(DIRECTED)


# Metric → the targets that it is tried on.
MAKERS: dict[str, tuple[Maker, ...]] = {
    "accuracy": (_class, _binary),
    "balanced_accuracy": (_class, _binary),
    "top_2_accuracy": (_class,),
    "top_3_accuracy": (_many_classes,),
    "top_5_accuracy": (_many_classes,),
    "f1": (_class, _binary, _multilabel),
    "f1_macro": (_binary,),
    "f1_micro": (_binary, _multilabel),
    "f1_weighted": (_class, _multilabel),
    "auroc": (_class, _binary, _multilabel),
    "average_precision": (_binary, _multilabel),
    "mcc": (_class, _binary),
    "brier_score_loss": (_class, _multilabel),
    "calibration_error": (_class, _multilabel),
    "token_accuracy": (_tags,),
    "token_f1": (_tags,),
    "token_f1_weighted": (_tags,),
    "relation_f1": (_relations,),
    "span_f1": (_tags,),
    "r2": (_real, _vector),
    "pearson_corrcoef": (_real,),
    "spearman_corrcoef": (_vector,),
    "mse": (_real, _vector),
    "rmse": (_real, _vector),
    "mae": (_real, _vector),
    "pinball_loss_10": (_vector,),
    "pinball_loss_50": (_real,),
    "pinball_loss_90": (_real,),
}
assert MAKERS.keys() == set(METRICS), "a metric without a case, or a case without a metric"
NAMES = {"relation_f1": DIRECTED, "span_f1": BIO}
ALL = [
    (metric, maker, f"{metric}-{maker.__name__.strip('_')}")
    for metric, makers in MAKERS.items()
    for maker in makers
]


def metric_case(metric: str, maker: Maker, n: int, seed: int = 0) -> MetricCase:
    """Make predictions and labels of N items."""
    kind, prediction, target, classes = maker(np.random.default_rng(seed), n)
    return MetricCase(metric, kind, prediction, target, classes, tuple(NAMES.get(metric, ())))
