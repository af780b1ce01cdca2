"""AutoScale: what its weights do to gradients, and when they are fixed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_search.errors import ConfigError
from tests.support.balancing import JACOBIAN, random_jacobian
from tests.support.balancing import build_named_weighting as built

LOSSES = torch.ones(3)
STEPS = [random_jacobian(seed) * torch.tensor([[9.0], [1.0], [0.2]]) for seed in range(5)]


def similarity(gradients: Tensor) -> float:
    """The mean over pairs of 2‖g_i‖‖g_j‖/(‖g_i‖² + ‖g_j‖²)."""
    a, b = gradients.norm(dim=1)[torch.combinations(torch.arange(len(gradients)))].T
    return float((2 * a * b / (a.square() + b.square())).mean())


def test_weighted_gradients_are_of_one_length() -> None:
    weights = built("autoscale").weigh(LOSSES, JACOBIAN)
    assert weights.sum().item() == pytest.approx(3, rel=1e-6)
    assert similarity(JACOBIAN) < 0.8
    assert similarity(weights.unsqueeze(1) * JACOBIAN) == pytest.approx(1, rel=1e-6)


def test_over_several_steps_the_geometric_means_are_equal() -> None:
    made = built("autoscale")
    for jacobian in STEPS:
        weights = made.weigh(LOSSES, jacobian)
    lengths = torch.stack([(weights.unsqueeze(1) * jacobian).norm(dim=1) for jacobian in STEPS])
    torch.testing.assert_close(lengths.log().mean(0), lengths.log().mean().expand(3))


def test_the_scale_of_a_task_is_taken_back() -> None:
    scales = torch.tensor([5.0, 0.3, 1.0]).unsqueeze(1)
    one, other = built("autoscale"), built("autoscale")
    for jacobian in STEPS:
        first = one.weigh(LOSSES, jacobian).unsqueeze(1) * jacobian
        second = other.weigh(LOSSES, scales * jacobian).unsqueeze(1) * scales * jacobian
        # Alike up to the one factor that keeps the sum of the weights.
        torch.testing.assert_close(second / second.norm(), first / first.norm())


def test_after_the_first_epochs_weights_are_fixed() -> None:
    made = built("autoscale", epochs=2)
    moving = []
    for jacobian in STEPS[:2]:
        moving.append(made.weigh(LOSSES, jacobian))
        made.end_epoch()
    assert not torch.allclose(moving[0], moving[1])
    for jacobian in STEPS[2:]:
        assert torch.equal(made.weigh(LOSSES, jacobian), moving[1])
        made.end_epoch()


def test_a_step_without_a_gradient_of_a_task_says_nothing_of_it() -> None:
    whole, cut = built("autoscale"), built("autoscale")
    for jacobian in (STEPS[0], STEPS[1]):
        expected = whole.weigh(LOSSES, jacobian)
    for task in range(3):  # each task is alone with its gradient once a step
        for jacobian in (STEPS[0], STEPS[1]):
            alone = torch.zeros_like(jacobian)
            alone[task] = jacobian[task]
            found = cut.weigh(LOSSES, alone)
    torch.testing.assert_close(found, expected)


def test_a_task_that_shares_nothing_counts_one_and_the_others_among_themselves() -> None:
    made, two = built("autoscale"), built("autoscale", tasks=2)
    rows = torch.cat([JACOBIAN[:1], torch.zeros(1, 4), JACOBIAN[2:]])
    left, middle, right = made.weigh(LOSSES, rows).tolist()
    assert middle == 1.0
    assert [left, right] == pytest.approx(two.weigh(LOSSES[:2], rows[[0, 2]]).tolist())
    assert built("autoscale").weigh(LOSSES, torch.zeros(3, 0)).tolist() == [1.0, 1.0, 1.0]


def test_no_weight_is_more_than_a_thousand_times_another() -> None:
    tiny = JACOBIAN * torch.tensor([[1.0], [1e-20], [1.0]])
    weights = built("autoscale").weigh(LOSSES, tiny)
    assert (weights.max() / weights.min()).item() == pytest.approx(1000, rel=1e-3)


def test_at_least_one_epoch_is_needed() -> None:
    with pytest.raises(ConfigError, match=r"training\.weighting\.epochs: .* of at least 1"):
        built("autoscale", epochs=0)
