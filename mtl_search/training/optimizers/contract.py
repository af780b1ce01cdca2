"""The contracts of an optimizer and a schedule of the user's, on two small parameters."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mtl_search.errors import ConfigError
from mtl_search.models.contracts.batch import tried

_STEPS = 3

MakeOptimizer = Callable[[list[dict[str, object]]], Optimizer]
MakeSchedule = Callable[[Optimizer], LRScheduler]


def check_optimizer(make: MakeOptimizer, name: str, path: str) -> None:
    """Let an optimizer take a few steps, go on from its stored state, and take one more.

    Args:
        make: Makes the optimizer of groups of parameters.
        name: Its name in the config.
        path: Dotted path of its section.

    Raises:
        ConfigError: It fails, changes nothing, ends in values that are not finite, trains
            parameters without a gradient, or goes on from a stored state in another way.
    """
    part = f"the optimizer {name!r}"
    used, unused = _parameter(), _parameter()
    with tried(part, path), torch.random.fork_rng(devices=[]):
        optimizer = make(_groups(used, unused))
        if not all("lr" in group for group in optimizer.param_groups):
            message = f"{part} has no 'lr' in its groups, which a schedule and the search change"
            raise ConfigError(message, path=path)
        before = used.detach().clone()
        _take_steps(optimizer, used, _STEPS)
        _check_step(part, path, used, unused, before)
        _check_state(part, path, make, optimizer, used)


def check_schedule(make: MakeSchedule, name: str, epochs: int, path: str) -> None:
    """Step a schedule over all epochs of a trial, and over the second half from its stored state.

    Args:
        make: Makes the schedule of an optimizer.
        name: Its name in the config.
        epochs: Number of epochs of a trial.
        path: Dotted path of its section.

    Raises:
        ConfigError: It fails, gives a rate that is negative or not finite, or goes on from a stored
            state in another way.
    """
    part = f"the schedule {name!r}"
    with tried(part, path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "step() before optimizer.step()", which is meant so here
        optimizer, schedule = _scheduled(make)
        half = max(1, epochs // 2)
        rates = _rates(optimizer, schedule, half)
        states = copy.deepcopy((schedule.state_dict(), optimizer.state_dict()))
        rest = _rates(optimizer, schedule, epochs - half)
        for epoch, rate in enumerate([*rates, *rest], 1):
            if not math.isfinite(rate) or rate < 0:
                raise ConfigError(
                    f"{part} gives the learning rate {rate:g} after {epoch} of {epochs} epochs, "
                    "and needed is a finite one from 0",
                    path=path,
                )
        optimizer, schedule = _scheduled(make)
        optimizer.load_state_dict(states[1])
        schedule.load_state_dict(states[0])
        if not _same(_rates(optimizer, schedule, epochs - half), rest):
            raise ConfigError(
                f"{part} goes on in another way after `load_state_dict` of its `state_dict`, which "
                "a trial that is resumed does",
                path=path,
            )


def _parameter() -> Tensor:
    return torch.nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3))


def _groups(used: Tensor, unused: Tensor) -> list[dict[str, object]]:
    return [{"params": [used], "factor": 1.0}, {"params": [unused], "factor": 0.5}]


def _take_steps(optimizer: Optimizer, parameter: Tensor, count: int) -> None:
    for _ in range(count):
        parameter.grad = parameter.detach() - 3
        optimizer.step()


def _check_step(part: str, path: str, used: Tensor, unused: Tensor, before: Tensor) -> None:
    if not used.isfinite().all():
        raise ConfigError(f"{part} ends in values that are not finite", path=path)
    if used.equal(before):
        message = f"{part} leaves parameters with a gradient as they are; `step` is to change them"
        raise ConfigError(message, path=path)
    if not unused.equal(_parameter()):
        raise ConfigError(f"{part} changes parameters without a gradient", path=path)


def _check_state(
    part: str, path: str, make: MakeOptimizer, optimizer: Optimizer, used: Tensor
) -> None:
    twin = torch.nn.Parameter(used.detach().clone())
    other = make(_groups(twin, _parameter()))
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    _take_steps(optimizer, used, 1)
    _take_steps(other, twin, 1)
    if not torch.allclose(twin, used, rtol=1e-4):
        raise ConfigError(
            f"{part} goes on in another way after `load_state_dict` of its `state_dict`, which a "
            "trial that is resumed does; keep what a step depends on in `self.state`",
            path=path,
        )


def _scheduled(make: MakeSchedule) -> tuple[Optimizer, LRScheduler]:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    return optimizer, make(optimizer)


def _rates(optimizer: Optimizer, schedule: LRScheduler, epochs: int) -> list[float]:
    rates = []
    for _ in range(epochs):
        schedule.step()
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


def _same(one: list[float], other: list[float]) -> bool:
    return all(abs(a - b) <= 1e-6 * max(1.0, abs(b)) for a, b in zip(one, other, strict=True))
