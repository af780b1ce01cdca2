"""Metrics against other libraries, over labelled samples only, and on degenerate labels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from mtl_search.data.types import REAL_KINDS, TargetKind
from mtl_search.metrics.compute import compute
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.trivial import trivial_value
from mtl_search.metrics.undefined import why_undefined
from tests.support.metric_references import ELSEWHERE, REFERENCES, of_heads

CLASSES = 4
PAIRS = list(of_heads())


def _random(kind: TargetKind, seed: int, n: int = 80) -> tuple[Any, Any]:
    """Return predictions and labels by chance, some of them missing, with ties."""
    rng = np.random.default_rng(seed)
    p: Any
    y: Any
    if kind == "class":
        p, y = rng.dirichlet(np.ones(CLASSES), n), rng.integers(0, CLASSES, n)
        p[: n // 3] = p[: n // 3].round(1) + 0.01
        p /= p.sum(1, keepdims=True)
    elif kind == "binary":
        p, y = rng.random(n).round(1) + 0.003, rng.integers(0, 2, n)
        p = p.clip(0, 1)
    elif kind == "multilabel":
        p, y = rng.random((n, CLASSES)), (rng.random((n, CLASSES)) < 0.3).astype(int)
    elif kind == "tags":
        p, y = rng.integers(0, CLASSES, (n, 5)), rng.integers(0, CLASSES, (n, 5))
    else:
        shape = (n,) if kind == "real" else (n, CLASSES)
        y = rng.normal(50, 9, shape).round(0)
        p = y + rng.normal(0, 5, shape).round(0)
    return p.astype(np.int64 if kind == "tags" else np.float32), _label(y, kind)


def _label(y: Any, kind: TargetKind) -> Any:
    return np.asarray(y, np.float32 if kind in REAL_KINDS else np.int64)


def _ours(name: str, kind: TargetKind, p: Any, y: Any) -> float:
    return compute(name, torch.from_numpy(p), torch.from_numpy(y), kind, CLASSES)


def test_each_metric_of_each_head_has_a_reference() -> None:
    assert set(PAIRS) == REFERENCES.keys() | ELSEWHERE
    assert {name for name, _ in PAIRS} == set(METRICS)


@pytest.mark.filterwarnings("ignore")  # of the references, about what is undefined
@pytest.mark.parametrize(("name", "kind"), REFERENCES)
def test_a_metric_is_its_references_over_the_labelled_samples(name: str, kind: TargetKind) -> None:
    for seed, missing in itertools.product(range(3), (0.0, 0.4, 0.9)):
        p, y = _random(kind, seed)
        y[np.random.default_rng(seed + 9).random(y.shape) < missing] = _missing(kind)
        expected = REFERENCES[name, kind](p, y)
        assert _ours(name, kind, p, y) == pytest.approx(expected, rel=1e-5, abs=1e-6, nan_ok=True)


def _missing(kind: TargetKind) -> float:
    return math.nan if kind in REAL_KINDS else -1


# Labels as small or one-sided splits have them.
DEGENERATE: dict[TargetKind, list[Any]] = {
    "class": [[2], [1, 1, 1], [0, 3, -1], [-1, -1], [0, 0, 1, 1]],
    "binary": [[0], [1], [0, 0, 0], [1, 1, -1], [-1, -1], [0, 1]],
    "multilabel": [
        [[1, 0, 0, -1]],
        [[1, 0, 0, -1], [0, 1, 0, -1], [1, 1, 0, -1]],  # the third has no positive, the last none
        [[0, 0, 0, 0], [0, 0, 0, 0]],
        [[1, 1, 1, 1], [1, 1, 1, 1]],
        [[-1, -1, -1, -1]],
        [[1, -1, -1, 0], [0, -1, 1, -1]],
    ],
    "real": [[2.5], [2.0, 2.0, 2.0], [1.0, 4.0, math.nan], [math.nan], [1e-30, 2e-30, 4e-30]],
    "vector": [
        [[1.0, 2.0, 3.0, 4.0]],
        [[1.0, 2.0, math.nan, 4.0], [1.0, 3.0, math.nan, 4.0]],
        [[math.nan] * 4],
    ],
    "tags": [[[0, 0, -1]], [[-1, -1, -1]], [[2, 1, 3], [1, -1, -1]]],
}


def _degenerate(kind: TargetKind) -> Iterator[Any]:
    return (_label(labels, kind) for labels in DEGENERATE[kind])


def _predictions(kind: TargetKind, y: Any) -> Iterator[Any]:
    """Yield predictions by chance, the same for all, and the labels themselves."""
    n = len(y)
    p, other = _random(kind, 3, n)
    yield p if kind != "tags" else other[:, : y.shape[1]]
    yield np.broadcast_to(p[:1], p.shape).copy() if kind != "tags" else np.zeros_like(y)
    if kind == "class":
        yield np.eye(CLASSES, dtype=np.float32)[np.maximum(y, 0)]
    elif kind in REAL_KINDS:
        yield np.nan_to_num(y)
    elif kind == "tags":
        yield np.maximum(y, 0)
    else:
        yield np.maximum(y, 0).astype(np.float32)


@pytest.mark.filterwarnings("ignore")  # of the references, about what is undefined
@pytest.mark.parametrize(("name", "kind"), REFERENCES)
def test_degenerate_labels_have_the_references_value_or_are_named(
    name: str, kind: TargetKind
) -> None:
    for y in _degenerate(kind):
        reason = why_undefined(name, y, kind, CLASSES)
        for p in _predictions(kind, y):
            expected = REFERENCES[name, kind](p, y)
            value = _ours(name, kind, p, y)
            assert reason or not math.isnan(expected)
            if not (reason and math.isnan(value)):
                assert value == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_one_class_alone_has_no_ranking() -> None:
    ones = torch.ones(4, dtype=torch.int64)
    assert math.isnan(compute("auroc", torch.rand(4), ones, "binary", 1))
    assert math.isnan(compute("r2", torch.ones(1), torch.ones(1), "real", 1))


@pytest.mark.parametrize(("mean", "deviation"), [(300.0, 0.5), (2000.0, 1.0), (101_325.0, 100.0)])
def test_r2_of_targets_far_from_zero(mean: float, deviation: float) -> None:
    rng = np.random.default_rng(0)
    y = (mean + deviation * rng.normal(size=1000)).astype(np.float32)
    p = (y + 0.3 * deviation * rng.normal(size=1000)).astype(np.float32)
    expected = sk.r2_score(y.astype(np.float64), p.astype(np.float64))
    assert compute("r2", torch.from_numpy(p), torch.from_numpy(y), "real", 1) == pytest.approx(
        expected, abs=1e-6
    )


def test_labels_of_one_outcome_correlate_with_nothing() -> None:
    for labels in (torch.ones(6, dtype=torch.long), torch.zeros(6, dtype=torch.long)):
        assert math.isnan(
            compute("mcc", torch.tensor([0.9, 0.9, 0.1, 0.1, 0.1, 0.1]), labels, "binary", 1)
        )


ABSENT = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]])


@pytest.mark.parametrize("third", [0, -1])
def test_f1_leaves_out_a_label_without_a_positive(third: int) -> None:
    labels = ABSENT.clone()
    labels[:, 2] = third
    assert compute("f1", ABSENT.float(), labels, "multilabel", 3) == 1.0
    found = torch.tensor([[0.9, 0.1, 0.9], [0.9, 0.9, 0.9], [0.1, 0.9, 0.1], [0.1, 0.1, 0.1]])
    expected = np.mean([sk.f1_score(labels[:, i], found[:, i] > 0.5) for i in (0, 1)])
    assert compute("f1", found, labels, "multilabel", 3) == pytest.approx(float(expected))
    # What is left when the other labels are taken away has no F1 at all.
    assert math.isnan(compute("f1", found[:, 2:], labels[:, 2:], "multilabel", 1))


@pytest.mark.parametrize(("name", "kind"), REFERENCES)
def test_a_perfect_prediction_is_perfect_or_undefined(name: str, kind: TargetKind) -> None:
    for y in _degenerate(kind):
        *_, right = _predictions(kind, y)
        value = _ours(name, kind, right, y)
        assert math.isnan(value) or value == pytest.approx(METRICS[name].perfect)


@pytest.mark.parametrize(("name", "kind"), REFERENCES)
def test_a_constant_prediction_reaches_the_trivial_value_at_most(
    name: str, kind: TargetKind
) -> None:
    sign = 1 if METRICS[name].higher_is_better else -1
    for y in _degenerate(kind):
        trivial = trivial_value(name, y, kind, CLASSES)
        _, constant, _ = _predictions(kind, y)
        value = _ours(name, kind, constant, y)
        if math.isnan(value) or math.isnan(trivial):
            assert math.isnan(trivial)
        else:
            assert sign * value <= sign * trivial + 1e-6
