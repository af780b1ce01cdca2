"""Metrics of one's own: which samples they see, their scales, and their values by item."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

import mtl_search
from mtl_search.data.types import TargetKind
from mtl_search.metrics.compute import compute
from mtl_search.metrics.item_values import item_values
from mtl_search.metrics.own import OwnMetric, constants
from mtl_search.metrics.trivial import trivial_value
from mtl_search.metrics.undefined import why_undefined
from tests.support.metric_cases import MAKERS, metric_case


@mtl_search.metric(higher_is_better=False)
def absolute_error(prediction: Any, target: Any) -> float:
    return float(np.abs(prediction - target).mean())


@mtl_search.metric(higher_is_better=True)
def area(prediction: Any, target: Any) -> float:
    return float(sk.roc_auc_score(target, prediction)) if 0 < target.mean() < 1 else math.nan


@mtl_search.metric(higher_is_better=True)
def share_right(prediction: Any, target: Any) -> float:
    return float((prediction.argmax(1) == target).mean())


@mtl_search.metric(higher_is_better=True)
def tokens_right(prediction: Any, target: Any) -> float:
    assert prediction.ndim == 1
    return float((prediction == target).mean())


# The same as a metric of the package, on every kind of target.
TWINS: list[tuple[OwnMetric, str, int]] = [
    (share_right, "accuracy", 0),
    (area, "auroc", 1),
    (area, "auroc", 2),
    (absolute_error, "mae", 0),
    (tokens_right, "token_accuracy", 0),
]


@pytest.mark.parametrize(("own", "name", "maker"), TWINS)
def test_it_is_the_same_as_the_packages_of_the_same_formula(
    own: OwnMetric, name: str, maker: int
) -> None:
    case = metric_case(name, MAKERS[name][maker], 150)
    arguments = (case.prediction, case.target, case.kind, case.classes)
    assert compute(own, *arguments) == pytest.approx(case.value(), rel=1e-5)
    values = item_values(own, *arguments)
    theirs = item_values(name, *arguments)
    assert values.mean() == pytest.approx(case.value(), rel=1e-5)
    scale = float(np.std(theirs))
    assert np.abs(values - theirs).mean() < 0.1 * scale  # the jackknife is exact up to 1/N
    labels = case.target.numpy()
    trivial = trivial_value(own, labels, case.kind, case.classes)
    assert trivial == pytest.approx(trivial_value(name, labels, case.kind, case.classes), rel=1e-5)
    expected = 1.0 if own.higher_is_better else 0.0
    assert own.perfect_value(labels, case.kind, case.classes) == expected


def test_values_of_many_items_have_the_spread_of_the_metric() -> None:
    rng = np.random.default_rng(0)
    label = rng.normal(size=3000).astype(np.float32)
    prediction = label + rng.exponential(size=3000).astype(np.float32)
    values = absolute_error.item_values(prediction, label, "real")
    error = np.abs(prediction - label)
    assert values.mean() == pytest.approx(error.mean())
    assert values.std() == pytest.approx(error.std(), rel=0.15)


def test_several_labels_are_scored_one_by_one_without_those_left_open() -> None:
    labels = np.array([[1, 0, -1, 0], [0, 1, -1, 0], [1, -1, -1, 0]])
    scores = np.array([[0.9, 0.2, 0.5, 0.5], [0.1, 0.8, 0.5, 0.5], [0.2, 0.9, 0.5, 0.5]])
    assert area.value(scores, labels, "multilabel") == 1.0
    assert math.isnan(area.value(scores[:, 2:], labels[:, 2:], "multilabel"))


def test_with_missing_labels_the_function_gets_all() -> None:
    shapes = []

    @mtl_search.metric(higher_is_better=True, takes_missing=True)
    def all_samples(prediction: Any, target: Any) -> float:
        shapes.append((prediction.shape, target.shape))
        return 0.5

    assert (
        all_samples.value(np.zeros((3, 4)), np.array([[0] * 4, [-1] * 4, [1] * 4]), "tags") == 0.5
    )
    assert shapes == [((3, 4), (3, 4))]


def test_trivial_and_perfect_may_be_given() -> None:
    metric = mtl_search.metric(higher_is_better=True, trivial=0.2, perfect=lambda y: 2.0 * len(y))
    own = metric(lambda prediction, target: 0.0)
    labels = np.array([1.0, np.nan, 3.0])
    assert own.trivial_value(labels, "real", 1) == 0.2
    assert own.perfect_value(labels, "real", 1) == 4.0


def test_labels_that_leave_it_open_are_told() -> None:
    assert why_undefined(area, np.array([-1, -1]), "binary", 1) == "there is no label"
    reason = why_undefined(area, np.array([1, 1]), "binary", 1)
    assert reason == "it is nan even where every prediction is right"
    assert why_undefined(area, np.array([1, 0]), "binary", 1) == ""


@pytest.mark.parametrize(
    ("kind", "labels", "classes", "number"),
    [
        ("class", [0, 1, 1, -1], 3, 4),
        ("binary", [0, 1, -1], 1, 3),
        ("multilabel", [[0, 1], [1, -1]], 2, 3),
        ("real", [1.0, 5.0, math.nan], 1, 2),
        ("tags", [[0, 2, -1]], 3, 3),
        ("binary", [-1], 1, 0),
    ],
)
def test_constants_are_alike_for_all_samples(
    kind: TargetKind, labels: Any, classes: int, number: int
) -> None:
    target = np.array(labels)
    predictions = list(constants(target, kind, classes))
    assert len(predictions) == number
    for prediction in predictions:
        assert len(prediction) == len(target)
        assert (prediction == prediction[:1]).all()


def test_it_can_be_called_and_needs_a_function() -> None:
    assert absolute_error(np.array([1.0]), np.array([3.0])) == 2.0
    with pytest.raises(TypeError, match="made of a function"):
        mtl_search.metric(higher_is_better=True)(0.5)  # type: ignore[arg-type]


def test_predictions_come_as_arrays() -> None:
    value = compute(absolute_error, torch.ones(2, dtype=torch.bfloat16), torch.zeros(2), "real", 1)
    assert value == 1.0
