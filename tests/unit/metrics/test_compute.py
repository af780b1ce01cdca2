"""Metrics against scikit-learn, over labelled samples only."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from mtl_search.metrics.compute import compute
from mtl_search.metrics.definitions import METRICS

N, CLASSES = 60, 3
_RNG = np.random.default_rng(0)
_PROBABILITIES = _RNG.dirichlet(np.ones(CLASSES), N)
_CLASS = _RNG.integers(0, CLASSES, N)
_SHARE = _RNG.random(N)
_BINARY = _RNG.integers(0, 2, N)
_MANY = _RNG.random((N, 4))
_LABELS = _RNG.integers(0, 2, (N, 4))
_VALUES, _REAL = _RNG.normal(50, 9, N), _RNG.normal(50, 9, N)
_TAGS, _GOLD = _RNG.integers(0, CLASSES, (N, 5)), _RNG.integers(0, CLASSES, (N, 5))


def _each_label(
    score: Callable[..., float], *, rounded: bool = False
) -> Callable[[Any, Any], float]:
    """Mean over the labels of a binary score, each over the samples that have that label."""

    def mean(p: Any, y: Any) -> float:
        columns = [(y[y[:, i] >= 0, i], p[y[:, i] >= 0, i]) for i in range(y.shape[1])]
        return float(np.mean([score(a, b > 0.5 if rounded else b) for a, b in columns]))

    return mean


def _one_against_rest(score: Callable[..., float]) -> Callable[[Any, Any], float]:
    return lambda p, y: float(np.mean([score(y == label, p[:, label]) for label in range(CLASSES)]))


# (kind, prediction, labels, what scikit-learn says of the labelled samples)
Case = tuple[Any, Any, Any, Callable[[Any, Any], float]]
CASES: dict[str, list[Case]] = {
    "accuracy": [
        ("class", _PROBABILITIES, _CLASS, lambda p, y: sk.accuracy_score(y, p.argmax(1))),
        ("binary", _SHARE, _BINARY, lambda p, y: sk.accuracy_score(y, p > 0.5)),
    ],
    "balanced_accuracy": [
        ("class", _PROBABILITIES, _CLASS, lambda p, y: sk.balanced_accuracy_score(y, p.argmax(1)))
    ],
    "f1": [
        (
            "class",
            _PROBABILITIES,
            _CLASS,
            lambda p, y: sk.f1_score(y, p.argmax(1), average="macro"),
        ),
        ("binary", _SHARE, _BINARY, lambda p, y: sk.f1_score(y, p > 0.5)),
        ("multilabel", _MANY, _LABELS, _each_label(sk.f1_score, rounded=True)),
    ],
    "auroc": [
        ("class", _PROBABILITIES, _CLASS, _one_against_rest(sk.roc_auc_score)),
        ("binary", _SHARE, _BINARY, lambda p, y: sk.roc_auc_score(y, p)),
        ("multilabel", _MANY, _LABELS, _each_label(sk.roc_auc_score)),
    ],
    "average_precision": [
        ("binary", _SHARE, _BINARY, lambda p, y: sk.average_precision_score(y, p)),
        ("multilabel", _MANY, _LABELS, _each_label(sk.average_precision_score)),
    ],
    "mcc": [("binary", _SHARE, _BINARY, lambda p, y: sk.matthews_corrcoef(y, p > 0.5))],
    "token_accuracy": [("tags", _TAGS, _GOLD, lambda p, y: sk.accuracy_score(y, p))],
    "token_f1": [("tags", _TAGS, _GOLD, lambda p, y: sk.f1_score(y, p, average="macro"))],
    "r2": [("real", _VALUES, _REAL, lambda p, y: sk.r2_score(y, p))],
    "mse": [("real", _VALUES, _REAL, lambda p, y: sk.mean_squared_error(y, p))],
    "rmse": [("real", _VALUES, _REAL, lambda p, y: math.sqrt(sk.mean_squared_error(y, p)))],
    "mae": [("real", _VALUES, _REAL, lambda p, y: sk.mean_absolute_error(y, p))],
}
ELSEWHERE = {"relation_f1", "span_f1"}  # scikit-learn has no such thing: see test_relation_score.py
assert CASES.keys() | ELSEWHERE == set(METRICS), (
    "a metric without a case, or a case without a metric"
)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(n, c, id=f"{n}-{c[0]}") for n, cases in CASES.items() for c in cases],
)
def test_a_metric_is_scikit_learns_over_the_labelled_samples(
    name: str, case: Case, missing: bool
) -> None:
    kind, prediction, labels, reference = case
    known = np.random.default_rng(1).random(labels.shape) < (0.6 if missing else 1.0)
    marked = np.where(known, labels, np.nan if kind == "real" else -1)
    marked = marked.astype(np.float32 if kind == "real" else np.int64)
    whole = (
        kind == "multilabel"
    )  # which has a label of one kind and none of another in the same sample
    expected = (
        reference(prediction, marked) if whole else reference(prediction[known], labels[known])
    )
    p = torch.from_numpy(prediction if kind == "tags" else prediction.astype(np.float32))
    got = compute(
        name, p, torch.from_numpy(marked), kind, CLASSES if kind in ("class", "tags") else 4
    )
    assert got == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", list(CASES))
def test_a_metric_without_labels_is_not_a_number(name: str) -> None:
    kind, prediction, labels, _ = CASES[name][0]
    none = (
        np.full(labels.shape, np.nan, np.float32) if kind == "real" else np.full(labels.shape, -1)
    )
    assert math.isnan(
        compute(name, torch.from_numpy(prediction), torch.from_numpy(none), kind, CLASSES)
    )


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


_DEGENERATE: list[tuple[str, Any]] = [
    ("class", [1, 1, 1]),
    ("class", [0, 2, -1]),
    ("binary", [0, 0, 0]),
    ("binary", [1, 1, -1]),
    ("multilabel", ABSENT.tolist()),
    ("multilabel", [[1, 0], [1, -1]]),
    ("real", [2.0, 2.0, 2.0]),
    ("vector", [[1.0, 2.0], [1.0, 3.0]]),
    ("tags", [[0, 0, -1]]),
]


_OF_KIND = {
    "class": ("accuracy", "balanced_accuracy", "f1", "auroc", "relation_f1"),
    "binary": ("accuracy", "f1", "auroc", "average_precision", "mcc"),
    "multilabel": ("f1", "auroc", "average_precision"),
    "real": ("r2", "mse", "rmse", "mae"),
    "vector": ("r2", "mse", "rmse", "mae"),
    "tags": ("token_accuracy", "token_f1", "span_f1"),
}


@pytest.mark.parametrize(
    ("name", "kind", "labels"),
    [(name, kind, labels) for kind, labels in _DEGENERATE for name in _OF_KIND[kind]],
)
def test_a_perfect_prediction_is_perfect_or_undefined(name: str, kind: Any, labels: Any) -> None:
    target = torch.tensor(labels)
    prediction = target.clamp(min=0).float() if kind in ("binary", "multilabel") else target
    if kind == "class":
        prediction = torch.nn.functional.one_hot(target.clamp(min=0), 3).float()
    names = ("O", "B-x") if kind == "tags" else ("a(e1,e2)", "a(e2,e1)", "Other")
    value = compute(name, prediction, target, kind, 3, names=names)
    assert math.isnan(value) or value == pytest.approx(METRICS[name].perfect)
