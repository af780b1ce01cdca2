"""Metrics of many rows are those of each row, to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mtl_search.data.types import TargetKind
from mtl_search.metrics.compute import compute
from mtl_search.metrics.rows import compute_rows

ROWS, SAMPLES, CLASSES = 5, 37, 3
GENERATOR = torch.Generator().manual_seed(0)


def _classes() -> tuple[Tensor, Tensor]:
    scores = torch.rand(ROWS, SAMPLES, CLASSES, generator=GENERATOR)
    return scores.softmax(2), torch.randint(CLASSES, (ROWS, SAMPLES), generator=GENERATOR)


def _binary() -> tuple[Tensor, Tensor]:
    labels = (torch.rand(ROWS, SAMPLES, generator=GENERATOR) < 0.3).long()
    labels[1] = 0  # F1 is undefined
    return torch.rand(ROWS, SAMPLES, generator=GENERATOR), labels


def _values() -> tuple[Tensor, Tensor]:
    values = torch.randn(ROWS, SAMPLES, generator=GENERATOR)
    values[2] = 1.0  # nothing to explain
    return torch.randn(ROWS, SAMPLES, generator=GENERATOR), values


CASES: list[tuple[TargetKind, Callable[[], tuple[Tensor, Tensor]], tuple[str, ...]]] = [
    ("class", _classes, ("accuracy", "f1", "f1_micro", "auroc", "mcc")),
    ("binary", _binary, ("accuracy", "f1", "auroc", "brier_score_loss")),
    ("real", _values, ("r2", "mse", "rmse", "mae", "spearman_corrcoef")),
]


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize(("kind", "make", "names"), CASES)
@pytest.mark.parametrize("missing", [False, True])
def test_rows_have_the_values_that_each_has_alone(
    kind: TargetKind,
    make: Callable[[], tuple[Tensor, Tensor]],
    names: tuple[str, ...],
    missing: bool,
) -> None:
    predictions, labels = make()
    if missing:
        labels[3, 5:9] = math.nan if kind == "real" else -1
    for name in names:
        together = compute_rows(name, predictions, labels, kind, CLASSES)
        alone = [
            compute(name, p, y, kind, CLASSES) for p, y in zip(predictions, labels, strict=True)
        ]
        assert all(map(_same, together, alone)), name


def test_a_row_of_one_sample_has_no_explained_variance() -> None:
    values = compute_rows("r2", torch.ones(2, 1), torch.ones(2, 1), "real", 1)
    assert all(map(math.isnan, values))
