"""Build the optimizer and the schedule of a trial."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mtl_search.config import Component
from mtl_search.config.sections.training import LearningRateMultipliers, TrainingConfig
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.optimizers import OPTIMIZERS, SCHEDULES
from mtl_search.training.optimizers.contract import check_optimizer, check_schedule
from mtl_search.training.optimizers.without_compiler import spare_marks, spare_step

_OPTIMIZER = "training.optimizer"
_SCHEDULE = "training.schedule"

# One fused kernel a step where torch has one for every device: a step of a 64-64-64-10 network with
# AdamW and batch 64 took 1.3 to 2 times less CPU time with it.
_FUSED = frozenset({"sgd", "adam", "adamw", "adagrad"})
# Arguments by which the config chooses the kernel itself.
_OTHER_KERNELS = frozenset({"fused", "foreach", "differentiable"})


def parameter_groups(
    network: MultiTaskNetwork, training: TrainingConfig, *, split: bool = False
) -> list[dict[str, Any]]:
    """Group parameters by the factor on their learning rate; one group where all factors are 1.

    Each group keeps its `factor`, so that the rate before it is known whatever a schedule has done
    since.

    Args:
        network: The network whose parameters these are.
        training: The section that has the factors, `training.lr_multipliers`.
        split: Whether there are as many groups whatever the factors are, for trials that exchange
            the states of their optimizers.
    """
    factors = training.lr_multipliers
    if factors == LearningRateMultipliers() and not split:
        return [{"params": list(network.parameters()), "factor": 1.0}]
    groups = [(factors.backbone, list(network.sharing.parameters()))]
    groups += [
        (factors.tasks.get(task, factors.heads), network.head_parameters(task))
        for task in network.heads
    ]
    return [{"params": parameters, "factor": factor} for factor, parameters in groups if parameters]


def learning_rate(optimizer: Optimizer) -> float:
    """Return the current learning rate, before the factors of the groups."""
    rates = [group["lr"] / group["factor"] for group in optimizer.param_groups if group["factor"]]
    return float(max(rates, default=0))


def build_optimizer(member: Component, parameters: Any) -> Optimizer:
    """Build the optimizer that `training.optimizer` names.

    Args:
        member: Its name and arguments.
        parameters: Parameters, or groups of them; the learning rate of a group is multiplied by its
            `factor`.

    Raises:
        ConfigError: An unknown name or argument, or a value that torch refuses.
    """
    spare_marks()
    arguments = member.arguments
    is_fused = member.name in _FUSED and not arguments.keys() & _OTHER_KERNELS
    supplied = {"fused": True} if is_fused else {}
    optimizer: Optimizer = OPTIMIZERS.build(
        member.name, arguments, _OPTIMIZER, parameters, **supplied
    )
    for group in optimizer.param_groups:
        group["lr"] *= group.setdefault("factor", 1.0)
    spare_step(optimizer)
    return optimizer


def build_schedule(
    member: Component | None, optimizer: Optimizer, epochs: int
) -> LRScheduler | None:
    """Build the schedule that `training.schedule` names; None where it names none.

    Raises:
        ConfigError: An unknown name or argument, or a value that torch refuses.
    """
    if member is None:
        return None
    _try_out(member, epochs)
    return _built(member, optimizer, epochs)


def check_own_optimizer(member: Component) -> None:
    """Let an optimizer of the user's take a few steps, before anything trains.

    Raises:
        ConfigError: It does not do what an optimizer needs to.
    """
    if ":" in member.name:
        check_optimizer(partial(build_optimizer, member), member.name, _OPTIMIZER)


def check_own_schedule(member: Component | None, epochs: int) -> None:
    """Step a schedule of the user's over all epochs, before anything trains.

    Raises:
        ConfigError: It does not do what a schedule needs to.
    """
    if member is not None and ":" in member.name:
        make = partial(_built, member, epochs=epochs)
        check_schedule(make, member.name, epochs, _SCHEDULE)


def _built(member: Component, optimizer: Optimizer, epochs: int) -> LRScheduler:
    schedule: LRScheduler = SCHEDULES.build(
        member.name, member.arguments, _SCHEDULE, optimizer, epochs
    )
    return schedule


def _try_out(member: Component, epochs: int) -> None:
    """Step the schedule once on an optimizer of nothing: torch finds some errors only then."""
    schedule = _built(member, torch.optim.SGD([torch.zeros(1)], lr=1.0), epochs)
    with warnings.catch_warnings(), SCHEDULES.blamed_on(member.name, member.arguments, _SCHEDULE):
        warnings.simplefilter("ignore")  # "step() before optimizer.step()", which is meant so here
        schedule.step()
