"""Optimizers and schedules of the user's step, and go on from their state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, OneCycleLR

from mtl_search.errors import ConfigError
from mtl_search.training.optimizers.contract import check_optimizer, check_schedule

PATH = "training.optimizer"


class Plain(Optimizer):
    """Gradient descent by hand; `change` is what subclasses get wrong."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {"lr": 0.1})
        self.steps = 0

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        self.steps += 1
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    self.change(parameter)

    def change(self, parameter: torch.Tensor) -> None:
        if parameter.grad is not None:
            parameter -= 0.1 * parameter.grad


class Idle(Plain):
    """Nothing changes."""

    def change(self, parameter: torch.Tensor) -> None:
        """Leave it."""


class Infinite(Plain):
    """A division by 0."""

    def change(self, parameter: torch.Tensor) -> None:
        parameter /= 0


class Decays(Plain):
    """What has no gradient decays."""

    def change(self, parameter: torch.Tensor) -> None:
        super().change(parameter)
        parameter *= 0.9


class Forgets(Plain):
    """The number of the step is not in the state."""

    def change(self, parameter: torch.Tensor) -> None:
        if parameter.grad is not None:
            parameter -= parameter.grad / (self.steps + 1) ** 2


class Needs(Plain):
    """A gradient for each parameter."""

    def change(self, parameter: torch.Tensor) -> None:
        assert parameter.grad is not None
        super().change(parameter)


class Rateless(Plain):
    """No learning rate to change."""

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        for group in self.param_groups:
            del group["lr"]


@pytest.mark.parametrize("make", [Plain, Adam, lambda groups: SGD(groups, lr=0.1, momentum=0.9)])
def test_a_right_optimizer_passes(make: Callable[..., Optimizer]) -> None:
    check_optimizer(make, "mine", PATH)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Idle, "leaves parameters with a gradient as they are"),
        (Infinite, "not finite"),
        (Decays, "changes parameters without a gradient"),
        (Forgets, "goes on in another way"),
        (Needs, "fails when it is tried: AssertionError"),
        (Rateless, "has no 'lr' in its groups"),
    ],
)
def test_a_wrong_optimizer_is_refused(make: Callable[..., Optimizer], told: str) -> None:
    with pytest.raises(ConfigError, match=f"the optimizer 'mine' .*{told}") as caught:
        check_optimizer(make, "mine", PATH)
    assert caught.value.path == PATH


class Restarts(LRScheduler):
    """A schedule that counts for itself, and does not keep the count."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.count = [0]
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:  # type: ignore[override]
        self.count[0] += 1
        return [float(rate) / self.count[0] for rate in self.base_lrs]

    def state_dict(self) -> dict[str, Any]:
        return {"last_epoch": self.last_epoch}


@pytest.mark.parametrize(
    "make",
    [
        lambda optimizer: CosineAnnealingLR(optimizer, T_max=5),
        lambda optimizer: LambdaLR(optimizer, lambda epoch: 0.5**epoch),
    ],
)
def test_a_right_schedule_passes(make: Callable[[Optimizer], LRScheduler]) -> None:
    check_schedule(make, "mine", 5, PATH)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda o: LambdaLR(o, lambda e: 1 - e / 3), r"learning rate -0.333333 after 4 of 5"),
        (lambda o: LambdaLR(o, lambda e: float("nan") if e > 1 else 1), "rate nan after 2 of 5"),
        (Restarts, "goes on in another way"),
        (lambda o: OneCycleLR(o, 1.0, total_steps=3), "fails when it is tried: ValueError"),
    ],
)
def test_a_wrong_schedule_is_refused(make: Callable[[Optimizer], LRScheduler], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        check_schedule(make, "mine", 5, PATH)
