"""Optimisers and learning-rate schedules of torch, by name, with torch's own arguments."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from mtl_search.config import Component
from mtl_search.config.training import LearningRateMultipliers, TrainingConfig
from mtl_search.errors import ConfigError
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.registry import Registry

OPTIMIZERS: Registry[Callable[..., Optimizer]] = Registry(
    "optimizer",
    {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "nadam": torch.optim.NAdam,
        "radam": torch.optim.RAdam,
        "adamax": torch.optim.Adamax,
        "adagrad": torch.optim.Adagrad,
        "adadelta": torch.optim.Adadelta,
        "rmsprop": torch.optim.RMSprop,
    },
    given=("params",),
)

# One fused kernel a step where torch has one for every device: a step of a 64-64-64-10 network with AdamW and batch 64
# took 1.3 to 2 times less CPU time with it.
_FUSED = frozenset({"sgd", "adam", "adamw", "adagrad"})


class _Cosine(lr_scheduler.CosineAnnealingLR):
    """torch's, but that `eta_min` is multiplied by the factor of a group, as its learning rate is."""

    def get_lr(self) -> list[float | torch.Tensor]:
        """Rates of the groups, in closed form."""
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        ends = [self.eta_min * group.get("factor", 1.0) for group in self.optimizer.param_groups]
        return [
            end + (begin - end) * height for begin, end in zip(self.base_lrs, ends, strict=True)
        ]

    _get_closed_form_lr = get_lr


def cosine(
    optimizer: Optimizer, epochs: int, eta_min: float = 0.0, warmup_epochs: int = 0
) -> LRScheduler:
    """Half a cosine from the learning rate to `eta_min` over the trial, after a linear warm-up if asked.

    Source: Loshchilov & Hutter, "SGDR", 2017, without restarts.
    """
    decay = _Cosine(optimizer, T_max=max(1, epochs - warmup_epochs), eta_min=eta_min)
    if not warmup_epochs:
        return decay
    warmup = lr_scheduler.LinearLR(
        optimizer, start_factor=1 / (warmup_epochs + 1), total_iters=warmup_epochs
    )
    return lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[warmup_epochs])


def _linear(
    optimizer: Optimizer, epochs: int, start_factor: float = 1.0, end_factor: float = 0.0
) -> LRScheduler:
    """From `start_factor` to `end_factor` times the learning rate, in a line over the trial."""
    return lr_scheduler.LinearLR(optimizer, start_factor, end_factor, total_iters=epochs)


def _step(optimizer: Optimizer, epochs: int, step_size: int, gamma: float = 0.1) -> LRScheduler:
    """`gamma` times the learning rate every `step_size` epochs."""
    return lr_scheduler.StepLR(optimizer, step_size, gamma)


def _multistep(
    optimizer: Optimizer, epochs: int, milestones: list[int], gamma: float = 0.1
) -> LRScheduler:
    """`gamma` times the learning rate at each of the epochs in `milestones`."""
    return lr_scheduler.MultiStepLR(optimizer, milestones, gamma)


def _exponential(optimizer: Optimizer, epochs: int, gamma: float) -> LRScheduler:
    """`gamma` times the learning rate every epoch."""
    return lr_scheduler.ExponentialLR(optimizer, gamma)


SCHEDULES: Registry[Callable[..., LRScheduler]] = Registry(
    "schedule",
    {
        "cosine": cosine,
        "linear": _linear,
        "step": _step,
        "multistep": _multistep,
        "exponential": _exponential,
    },
    given=("optimizer", "epochs"),
)


def _spare_compiler() -> None:
    """Let an optimiser be built without torch's compiler, whose import takes seconds.

    `Optimizer.add_param_group` imports it to mark itself as not to be compiled (`torch/_compile.py`,
    `_disable_dynamo`), unless it finds the marked function, which is remembered as an attribute. Nothing here is
    compiled with an optimiser in it, so the function itself will do. A check of a config never loads the compiler then;
    the first step of an optimiser still does.
    """
    plain = getattr(Optimizer.add_param_group, "__wrapped__", None)
    if plain is not None and not hasattr(plain, "__dynamo_disable"):
        setattr(plain, "__dynamo_disable", plain)


def parameter_groups(
    network: MultiTaskNetwork, training: TrainingConfig, *, split: bool = False
) -> list[dict[str, Any]]:
    """Parameters with their learning rates, as `training.lr_multipliers` has them; one group where all factors are 1.

    Each group keeps its `factor`, so that the rate before it can be told whatever a schedule has done since.

    Args:
        network: Whose parameters.
        training: With the factors.
        split: The same groups whatever the factors are, for trials that exchange the states of their optimisers.
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
    """The rate of now, before the factors of the groups."""
    return float(
        max(
            (group["lr"] / group["factor"] for group in optimizer.param_groups if group["factor"]),
            default=0,
        )
    )


def build_optimizer(member: Component, parameters: Any) -> Optimizer:
    """The optimiser that `training.optimizer` names.

    Args:
        member: Name and arguments.
        parameters: Parameters, or groups of them; the learning rate of a group is multiplied by its `factor`.

    Raises:
        ConfigError: Unknown name or argument, or a value that torch refuses.
    """
    path = "training.optimizer"
    _spare_compiler()
    make = OPTIMIZERS.get_member(member.name, f"{path}.name")
    OPTIMIZERS.check_arguments(member.name, member.arguments, path)
    arguments = member.arguments
    if member.name in _FUSED and not {"fused", "foreach", "differentiable"} & arguments.keys():
        arguments["fused"] = True
    try:
        optimizer = make(parameters, **arguments)
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        raise ConfigError(
            f"torch refuses this optimizer: {error}", path=path, value=member.arguments
        ) from None
    for group in optimizer.param_groups:
        group["lr"] *= group.setdefault("factor", 1.0)
    return optimizer


def build_schedule(
    member: Component | None, optimizer: Optimizer, epochs: int
) -> LRScheduler | None:
    """The schedule that `training.schedule` names, or None.

    Raises:
        ConfigError: Unknown name or argument, or a value that torch refuses.
    """
    if member is None:
        return None
    path = "training.schedule"
    make = SCHEDULES.get_member(member.name, f"{path}.name")
    SCHEDULES.check_arguments(member.name, member.arguments, path)
    try:
        _try_out(make, epochs, member.arguments)
        return make(optimizer, epochs, **member.arguments)
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise ConfigError(
            f"torch refuses this schedule: {error}", path=path, value=member.arguments
        ) from None


def _try_out(make: Callable[..., LRScheduler], epochs: int, arguments: dict[str, Any]) -> None:
    """Step the schedule once on an optimiser of nothing: torch finds some wrong arguments only then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "step() before optimizer.step()", which is meant so here
        make(torch.optim.SGD([torch.zeros(1)], lr=1.0), epochs, **arguments).step()
