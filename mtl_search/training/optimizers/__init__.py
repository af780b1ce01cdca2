"""Optimizers and learning-rate schedules by name.

Optimizers are torch's, with torch's own arguments. `build` builds them; the tables load no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["OPTIMIZERS", "SCHEDULES"]

OPTIMIZERS: Registry[Callable[..., Optimizer]] = Registry(
    "optimizer",
    {
        "sgd": "torch.optim:SGD",
        "adam": "torch.optim:Adam",
        "adamw": "torch.optim:AdamW",
        "nadam": "torch.optim:NAdam",
        "radam": "torch.optim:RAdam",
        "adamax": "torch.optim:Adamax",
        "adagrad": "torch.optim:Adagrad",
        "adadelta": "torch.optim:Adadelta",
        "rmsprop": "torch.optim:RMSprop",
    },
    given=("params",),
    base="torch.optim:Optimizer",
)

_BUILD = "mtl_search.training.optimizers.build"
_SCHEDULES = "mtl_search.training.optimizers.schedules"

SCHEDULES: Registry[Callable[..., LRScheduler]] = Registry(
    "schedule",
    {
        "cosine": f"{_SCHEDULES}:cosine",
        "linear": f"{_SCHEDULES}:linear",
        "step": f"{_SCHEDULES}:step",
        "multistep": f"{_SCHEDULES}:multistep",
        "exponential": f"{_SCHEDULES}:exponential",
    },
    given=("optimizer", "epochs"),
    base="torch.optim.lr_scheduler:LRScheduler",
)

__getattr__ = lazy_attributes(
    __name__,
    {
        "build_optimizer": _BUILD,
        "build_schedule": _BUILD,
        "check_own_optimizer": _BUILD,
        "check_own_schedule": _BUILD,
        "learning_rate": _BUILD,
        "parameter_groups": _BUILD,
    },
)
