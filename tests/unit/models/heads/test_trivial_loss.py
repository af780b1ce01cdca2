"""The trivial loss against every head's own loss at the best constant output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.models.heads import Head
from tests.support.model_cases import HEAD_CASES, HEAD_LOSSES

N = 300


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
    # The absolute error is flat between two labels, so the descent needs some slack.
    assert head.trivial_loss.item() == pytest.approx(
        _optimum(head, labels, start, expand), rel=2e-3
    )
    assert head.trivial_loss.item() <= _optimum(head, labels, start, expand) + 1e-5


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
