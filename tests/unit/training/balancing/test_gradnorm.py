"""GradNorm: what it learns from, and what its weights never do."""

from __future__ import annotations

import pytest
import torch

from tests.support.balancing import JACOBIAN, LOSSES, weigh
from tests.support.balancing import build_named_weighting as built


def test_gradnorm_without_gradients_moves_nothing() -> None:
    made = built("gradnorm")
    for losses in LOSSES:
        assert made.weigh(losses, torch.zeros(3, 0)).tolist() == [1.0, 1.0, 1.0]


def test_gradnorm_keeps_weights_above_zero_and_their_sum() -> None:
    made = built("gradnorm", lr=0.9)
    for _ in range(30):
        weights = weigh(made, LOSSES[0])
        assert weights.min() > 0
        assert weights.sum().item() == pytest.approx(3, rel=1e-5)


def test_gradnorm_learns_from_tasks_with_a_gradient_alone() -> None:
    made, two = built("gradnorm"), built("gradnorm", tasks=2)
    rows = torch.cat([JACOBIAN[:1], torch.zeros(1, 4), JACOBIAN[2:]])
    for losses in LOSSES:
        left, middle, right = made.weigh(losses, rows * losses.unsqueeze(1)).tolist()
        both = losses[[0, 2]]
        assert middle == 1.0
        assert [left, right] == pytest.approx(
            two.weigh(both, rows[[0, 2]] * both.unsqueeze(1)).tolist(), rel=1e-5
        )
    before = made.weigh(LOSSES[0], torch.zeros(3, 4))
    assert (
        made.weigh(LOSSES[1], JACOBIAN * torch.tensor([[1.0], [0.0], [0.0]])).tolist()
        == before.tolist()
    )
    assert (
        made.weigh(LOSSES[2], JACOBIAN).tolist() == before.tolist()
    )  # alone there is nothing to balance
