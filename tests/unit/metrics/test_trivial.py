"""Trivial values against every constant prediction there is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.data.types import REAL_KINDS, TargetKind
from mtl_search.metrics.compute import compute
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.trivial import trivial_value
from mtl_search.metrics.undefined import why_undefined
from tests.support.metric_cases import ALL, BIO, Maker, MetricCase, metric_case


def constants(case: MetricCase) -> Iterator[Tensor]:
    """Yield every constant prediction; of real values, a fine grid that has the best in it."""
    n = len(case.target)
    known = case.target != -1
    if case.kind == "class":
        counts = torch.bincount(case.target[known], minlength=case.classes)
        shares = counts / counts.sum()
        # The most probable classes in their order, one class for sure, and the shares in between.
        yield from torch.eye(case.classes).unsqueeze(1).expand(-1, n, -1)
        yield from ((shares + step).softmax(0).expand(n, -1) for step in torch.eye(case.classes))
        yield shares.expand(n, -1)
    elif case.kind == "binary":
        share = float((case.target == 1).sum() / known.sum())
        yield from (torch.full((n,), score) for score in (0.25, 0.75, share, share + 0.01))
    elif case.kind == "multilabel":
        for scores in itertools.product((0.25, 0.75), repeat=case.classes):
            yield torch.tensor(scores).expand(n, -1)
        yield ((case.target == 1).sum(0) / known.sum(0)).expand(n, -1)
    elif case.kind == "vector":
        median_L = case.target.nanmedian(dim=0).values
        for value_L in (case.target.nanmean(dim=0), median_L):
            yield from ((value_L + step).expand(n, -1) for step in np.linspace(-1, 1, 21))
        for quantile in (0.1, 0.9):
            yield case.target.nanquantile(quantile, 0, interpolation="higher").expand(n, -1)
            yield case.target.nanquantile(quantile, 0, interpolation="lower").expand(n, -1)
    elif case.kind == "tags":
        yield from (torch.full(case.target.shape, tag) for tag in range(case.classes))
    else:
        labels = case.target[~case.target.isnan()]
        grid = torch.linspace(float(labels.min()), float(labels.max()), 200)
        for value in (labels.mean(), labels.median(), *labels, *grid):
            yield torch.full((n,), float(value))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "maker"), [pytest.param(*case[:2], id=case[2]) for case in ALL])
def test_no_constant_prediction_is_better(name: str, maker: Maker, seed: int) -> None:
    case = metric_case(name, maker, 37, seed)
    best = max if METRICS[name].higher_is_better else min
    values = [
        compute(name, constant, case.target, case.kind, case.classes, names=case.names)
        for constant in constants(case)
    ]
    expected = best(value for value in values if not math.isnan(value))
    got = trivial_value(name, case.target.numpy(), case.kind, case.classes, case.names)
    assert got == pytest.approx(expected, abs=2e-6)


def test_entities_that_are_whole_sentences_or_single_tokens() -> None:
    # Always I-x is right in the two whole sentences, of three proposed and four labelled.
    sentences = np.array([[1, 2, 2], [2, 2, -1], [1, 0, 1]])
    assert trivial_value("span_f1", sentences, "tags", 5, BIO) == pytest.approx(4 / 7)
    # Always B-y is right in three tokens, of six proposed and three labelled.
    tokens = np.array([[3, 3, 0], [0, 0, 3]])
    assert trivial_value("span_f1", tokens, "tags", 5, BIO) == pytest.approx(6 / 9)


@pytest.mark.parametrize(("name", "maker"), [pytest.param(*case[:2], id=case[2]) for case in ALL])
def test_without_labels_there_is_no_trivial_value(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 10)
    none = np.full_like(case.target.numpy(), np.nan if case.kind in REAL_KINDS else -1)
    args = (name, none, case.kind, case.classes, case.names)
    assert math.isnan(trivial_value(*args))
    assert why_undefined(*args) == "there is no label"


ONE_OUTCOME: list[tuple[str, TargetKind, Any, str]] = [
    ("auroc", "binary", [1, 1, -1], "only one outcome occurs"),
    ("auroc", "class", [2, 2, 2], "only one outcome occurs"),
    ("average_precision", "binary", [0, 0], "only one outcome occurs"),
    ("average_precision", "multilabel", [[0, 1, -1]] * 2, "only one outcome occurs"),
    ("mcc", "binary", [0, 0], "only one outcome occurs"),
    ("f1", "binary", [0, 0], "there is no positive label"),
    ("f1", "multilabel", [[0, -1, 0]], "there is no positive label"),
    ("r2", "real", [2.5, 2.5, math.nan], "all labels are alike"),
    ("r2", "real", [2.5], "all labels are alike"),
    ("r2", "vector", [[2.5, 1.0], [2.5, math.nan]], "all labels are alike"),
    ("span_f1", "tags", [[0, 0, -1]], "no entity occurs"),
    ("relation_f1", "class", [1, 1, -1], "no relation occurs"),
]


@pytest.mark.parametrize(("name", "kind", "labels", "reason"), ONE_OUTCOME)
def test_labels_that_leave_a_metric_undefined(
    name: str, kind: TargetKind, labels: Any, reason: str
) -> None:
    names = BIO if name == "span_f1" else ("Cause-Effect(e1,e2)", "Other")
    values = np.array(labels)
    assert why_undefined(name, values, kind, 3, names) == reason
    assert math.isnan(trivial_value(name, values, kind, 3, names))


def test_one_column_with_both_outcomes_is_enough() -> None:
    labels = np.array([[0, 1, -1], [1, 1, -1], [0, 1, -1]])
    assert trivial_value("auroc", labels, "multilabel", 3) == 0.5
    assert trivial_value("average_precision", labels, "multilabel", 3) == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", ["mse", "rmse", "mae"])
def test_labels_that_are_alike_leave_no_error_at_all(name: str) -> None:
    assert trivial_value(name, np.full(7, 0.1, np.float32), "real", 1) == 0.0


@pytest.mark.parametrize("third", [0, -1])
def test_f1_of_many_labels_is_that_of_the_labels_with_a_positive(third: int) -> None:
    labels = np.array([[1, 0, third], [0, 1, third], [0, 1, third], [0, 0, third]])
    always = (2 * 0.25 / 1.25 + 2 * 0.5 / 1.5) / 2
    assert trivial_value("f1", labels, "multilabel", 3) == pytest.approx(always)
