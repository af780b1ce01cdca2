"""The trivial loss: against closed forms, and against every head's own loss at the best constant output."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.models.heads import Head
from tests.support.model_cases import HEAD_CASES, HEAD_LOSSES

N = 300


def _fitted(name: str, labels: Tensor, loss: str | None = None, **arguments: Any) -> Head:
    case = HEAD_CASES[name]
    return case.build(name, (loss or case.losses[0][0], arguments), labels)


def _entropy(*shares: float) -> float:
    return -sum(p * math.log(p) for p in shares if p)


def _optimum(head: Head, labels: Tensor, constant: Tensor, expand: Any) -> float:
    """Least mean loss over constant outputs, by gradient descent on the constant alone."""
    constant = constant.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [constant], max_iter=200, line_search_fn="strong_wolfe", tolerance_change=1e-12
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = head.loss(expand(constant), labels)
        value.backward()
        return value

    optimizer.step(closure)
    return head.loss(expand(constant), labels).item()


@pytest.mark.parametrize(
    ("name", "loss"),
    [c[:2] for c in HEAD_LOSSES if c[0] != "crf"],
    ids=[c[2] for c in HEAD_LOSSES if c[0] != "crf"],
)
@pytest.mark.parametrize("missing", [False, True])
def test_no_constant_does_better(
    name: str, loss: tuple[str, Mapping[str, Any]], missing: bool
) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(N, missing=missing, seed=4)
    head = case.build(name, loss, labels)
    start, expand = {
        "class": (torch.zeros(3), lambda c: c.expand(N, 3)),
        "multilabel": (torch.zeros(3), lambda c: c.expand(N, 3)),
    }.get(case.kind, (torch.full((), 0.6), lambda c: c.expand(N)))
    # The absolute error is flat between two labels and has no slope to follow at one: some slack for the descent.
    assert head.trivial_loss.item() == pytest.approx(
        _optimum(head, labels, start, expand), rel=2e-3
    )
    assert head.trivial_loss.item() <= _optimum(head, labels, start, expand) + 1e-5


def test_softmax_is_the_entropy_of_the_prior() -> None:
    labels = torch.tensor([0] * 5 + [1] * 3 + [2] * 2 + [-1] * 10)
    assert _fitted("softmax", labels).trivial_loss.item() == pytest.approx(_entropy(0.5, 0.3, 0.2))


def test_softmax_with_a_class_that_never_occurs() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    assert _fitted("softmax", labels).trivial_loss.item() == pytest.approx(math.log(2))


def test_softmax_with_smoothing_and_a_class_weight_of_zero_is_finite() -> None:
    labels = torch.tensor([0, 1, 1, 2])
    head = _fitted("softmax", labels, label_smoothing=0.1, class_weights=[1.0, 0.0, 1.0])
    assert head.trivial_loss.isfinite()


def test_binary_is_the_binary_entropy() -> None:
    labels = torch.tensor([1] * 3 + [0] * 7 + [-1] * 5)
    assert _fitted("binary", labels).trivial_loss.item() == pytest.approx(_entropy(0.3, 0.7))
    assert _fitted("pair", labels).trivial_loss.item() == pytest.approx(_entropy(0.3, 0.7))


def test_contrastive_is_half_p_times_one_minus_p_times_the_squared_margin() -> None:
    labels = torch.tensor([1] * 3 + [0] * 7)
    head = _fitted("pair", labels, "contrastive", margin=2.0)
    assert head.trivial_loss.item() == pytest.approx(0.5 * 0.3 * 0.7 * 4.0)


def test_multilabel_is_the_mean_of_the_labels_entropies() -> None:
    labels = torch.tensor([[1, 0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1]])
    expected = (2 * _entropy(0.25, 0.75) + 0.0) / 3
    assert _fitted("multilabel", labels).trivial_loss.item() == pytest.approx(expected, rel=1e-5)


def test_multilabel_weighs_a_label_by_how_often_it_is_there() -> None:
    labels = torch.tensor([[1, -1, -1], [0, 1, -1], [0, 0, -1], [0, -1, -1]])
    expected = (4 * _entropy(0.25, 0.75) + 2 * _entropy(0.5, 0.5)) / 6
    assert _fitted("multilabel", labels).trivial_loss.item() == pytest.approx(expected, rel=1e-5)


def test_squared_error_is_1_in_scaled_units() -> None:
    labels = HEAD_CASES["regression"].labels(N, missing=True)
    assert _fitted("regression", labels, "mse").trivial_loss.item() == pytest.approx(1.0, rel=1e-5)


def test_absolute_error_is_that_of_the_median() -> None:
    labels = torch.tensor([0.0, 1.0, 2.0, 10.0, 100.0])
    std = labels.double().std(correction=0).item()
    expected = (labels - 2.0).abs().mean().item() / std
    assert _fitted("regression", labels, "mae").trivial_loss.item() == pytest.approx(
        expected, rel=1e-5
    )


def test_crf_is_the_entropy_of_the_tags() -> None:
    labels = torch.tensor([[0, 0, 1, -1], [2, 0, -1, -1], [1, -1, 0, 0]])
    assert _fitted("crf", labels).trivial_loss.item() == pytest.approx(
        _entropy(5 / 8, 2 / 8, 1 / 8), rel=1e-5
    )


# Kind of target → labels that are all the same.
CONSTANT = {
    "class": [torch.full((6,), 2)],
    "binary": [torch.ones(6, dtype=torch.int64), torch.zeros(6, dtype=torch.int64)],
    "multilabel": [torch.tensor([[1, 0, 1]]).expand(6, 3)],
    "real": [torch.full((6,), 0.1)],
    "tags": [torch.full((6, 4), 1)],
}


# Smoothed labels are no constant: their entropy is the loss.
UNSMOOTHED = [c for c in HEAD_LOSSES if "label_smoothing" not in c[1][1]]


@pytest.mark.parametrize(
    ("name", "loss"), [c[:2] for c in UNSMOOTHED], ids=[c[2] for c in UNSMOOTHED]
)
def test_a_constant_target_has_trivial_loss_1(
    name: str, loss: tuple[str, Mapping[str, Any]]
) -> None:
    case = HEAD_CASES[name]
    for labels in CONSTANT[case.kind]:
        assert case.build(name, loss, labels.clone()).trivial_loss.item() == 1.0
