"""Soft sharing: its penalty and gradient in closed form, and both ends of its strength."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.backbones.stages import FrozenStage
from mtl_search.models.sharing import HardSharing, SoftSharing
from mtl_search.models.stage import Stage

WIDTHS = (7, 5, 4)
TASKS = ("a", "b", "c")
VIEWS = {"a": ("x",), "b": ("y",), "c": ("x", "y")}


def _stages() -> list[Stage]:
    return BACKBONES["mlp"]((6,), widths=WIDTHS)


def _soft(strength: Any, depth: int | None = None, tasks: int = 3) -> SoftSharing:
    torch.manual_seed(0)
    return SoftSharing(_stages, dict(list(VIEWS.items())[:tasks]), strength=strength, depth=depth)


def _inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {view: torch.randn(8, 6, generator=generator) for view in ("x", "y")}


def _flat(sharing: SoftSharing, task: str, stage: int) -> Tensor:
    return torch.cat(
        [p.detach().flatten() for p in sharing.columns.branch(task)[stage].parameters()]
    )


def _by_pairs(sharing: SoftSharing, strengths: list[float]) -> float:
    """Σ_i λ_i · mean over pairs ‖θ_ik − θ_il‖², as it is written."""
    tasks = list(sharing.views)
    pairs = list(itertools.combinations(tasks, 2))
    return sum(
        strength * float((_flat(sharing, k, i) - _flat(sharing, m, i)).square().sum()) / len(pairs)
        for i, strength in enumerate(strengths)
        for k, m in pairs
    )


@pytest.mark.parametrize("tasks", [2, 3])
@pytest.mark.parametrize(
    ("strength", "depth", "each"),
    [
        (0.5, None, [0.5, 0.5, 0.5]),
        (0.5, 1, [0.5, 0.0, 0.0]),
        ([0.1, 2.0, 0.0], None, [0.1, 2.0, 0.0]),
        ([0.1, 2.0], 2, [0.1, 2.0, 0.0]),
    ],
)
def test_the_penalty_is_the_mean_over_pairs_stage_by_stage(
    strength: Any, depth: int | None, each: list[float], tasks: int
) -> None:
    sharing = _soft(strength, depth, tasks)
    penalty = sharing.penalty()
    assert penalty is not None
    assert penalty.item() == pytest.approx(_by_pairs(sharing, each), rel=1e-5)


def test_the_gradient_is_that_of_the_closed_form() -> None:
    """d/dθ_k of 2/(K−1) Σ_k ‖θ_k − θ̄‖² is 4/(K−1) · (θ_k − θ̄)."""
    strengths = [0.3, 0.0, 1.5]
    sharing = _soft(strengths)
    penalty = sharing.penalty()
    assert penalty is not None
    penalty.backward()
    for i, strength in enumerate(strengths):
        columns = [sharing.columns.branch(task)[i] for task in TASKS]
        for parameters in zip(*(column.parameters() for column in columns), strict=True):
            mean = torch.stack([p.detach() for p in parameters]).mean(0)
            for p in parameters:
                expected = 4 * strength / (len(TASKS) - 1) * (p.detach() - mean)
                gradient = torch.zeros_like(p) if p.grad is None else p.grad
                torch.testing.assert_close(gradient, expected)


def test_features_are_those_of_separate_networks_to_the_last_bit() -> None:
    soft = _soft(0.7)
    torch.manual_seed(0)
    hard = HardSharing(_stages, VIEWS, depth=0)
    one, two = soft(_inputs()), hard(_inputs())
    assert all(
        torch.equal(x, y) for task in TASKS for x, y in zip(one[task], two[task], strict=True)
    )


@pytest.mark.parametrize(("strength", "depth"), [(0, None), ([0.0, 0.0, 0.0], None), (5.0, 0)])
def test_without_strength_there_is_no_penalty(strength: Any, depth: int | None) -> None:
    assert _soft(strength, depth).penalty() is None


def test_one_task_has_nothing_to_be_like() -> None:
    sharing = _soft(1.0, tasks=1)
    assert sharing.penalty() is None
    assert sum(p.numel() for p in sharing.task_parameters("a")) == sum(
        p.numel() for p in sharing.parameters()
    )


def _trained(strength: Any, depth: int | None = None, steps: int = 200) -> SoftSharing:
    sharing, inputs = _soft(strength, depth), _inputs()
    optimizer = torch.optim.SGD(sharing.parameters(), lr=0.01)
    for _ in range(steps):
        losses = [
            ((k + 1) - x).square().mean() for k, t in enumerate(TASKS) for x in sharing(inputs)[t]
        ]
        penalty = sharing.penalty()
        loss = torch.stack(losses).sum() + (0.0 if penalty is None else penalty)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return sharing


def _distance(sharing: SoftSharing, stage: int) -> float:
    return float((_flat(sharing, "a", stage) - _flat(sharing, "c", stage)).norm())


def test_a_large_strength_brings_the_columns_together() -> None:
    distances = [_distance(_trained(strength), 1) for strength in (0.0, 0.1, 10.0)]
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.1 * distances[0]


def test_only_the_stages_up_to_the_depth_come_together() -> None:
    sharing, free = _trained(10.0, 1), _trained(0.0)
    assert _distance(sharing, 0) < 0.02 * _distance(free, 0)
    assert _distance(sharing, 2) > 0.5 * _distance(free, 2)


def test_frozen_stages_cost_nothing() -> None:
    torch.manual_seed(0)
    sharing = SoftSharing(
        lambda: [FrozenStage(stage) if i == 0 else stage for i, stage in enumerate(_stages())],
        VIEWS,
        strength=1.0,
    )
    penalty = sharing.penalty()
    assert penalty is not None
    assert penalty.item() == pytest.approx(_by_pairs(sharing, [0.0, 1.0, 1.0]), rel=1e-5)


def test_running_statistics_cost_nothing() -> None:
    def build() -> list[Stage]:
        return BACKBONES["mlp"]((6,), widths=[4], norm="batch")

    torch.manual_seed(0)
    sharing = SoftSharing(build, VIEWS, strength=1.0)
    before = sharing.penalty()
    sharing(_inputs())
    assert before is not None
    assert torch.equal(before, sharing.penalty() or torch.zeros(()))


def test_strength_weighs_the_stages_of_any_module() -> None:
    modules = [nn.Linear(2, 1, bias=False) for _ in range(2)]
    for number, module in enumerate(modules):
        nn.init.constant_(module.weight, float(number))
    sharing = SoftSharing(
        lambda: [Stage(modules.pop(), 1, "linear 1")], {"a": ("x",), "b": ("x",)}, strength=3.0
    )
    penalty = sharing.penalty()
    assert penalty is not None
    assert penalty.item() == pytest.approx(3.0 * 2)


BAD = [
    ({"strength": -0.1}, "strength", "at least 0"),
    ({"strength": "much"}, "strength", "at least 0"),
    ({"strength": [0.1, 0.2]}, "strength", "allowed:  3 numbers"),
    ({"strength": [0.1, 0.2, 0.3], "depth": 2}, "strength", "allowed:  2 numbers"),
    ({"strength": [0.1, float("inf"), 0.3]}, "strength", "at least 0"),
    ({"strength": 0.1, "depth": 4}, "depth", "from 0 to 3"),
    ({"strength": 0.1, "depth": -1}, "depth", "from 0 to 3"),
]


@pytest.mark.parametrize(("arguments", "argument", "text"), BAD)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], argument: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text) as caught:
        _soft(**arguments)
    assert caught.value.path == f"model.sharing.{argument}"


def test_blocks_say_what_is_tied() -> None:
    blocks = _soft([0.1, 0.0], depth=2).blocks()
    assert [block.tied_strength for block in blocks] == [0.1, 0.0, 0.0] * 3
    assert [block.tasks for block in blocks] == [(task,) for task in TASKS for _ in WIDTHS]
    assert [block.tied_strength for block in _soft(0.1, tasks=1).blocks()] == [0.0] * 3


def test_frozen_stages_are_not_said_to_be_tied() -> None:
    def stages() -> list[Stage]:
        first, *rest = _stages()
        return [FrozenStage(first), *rest]

    blocks = SoftSharing(stages, VIEWS, strength=0.2).blocks()
    assert [block.tied_strength for block in blocks] == [0.0, 0.2, 0.2] * 3
