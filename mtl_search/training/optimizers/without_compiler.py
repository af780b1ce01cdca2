"""Optimizers that do not import torch's compiler, which takes a second in each process.

`torch.optim.Optimizer` marks some of its methods as not to be compiled, and imports `torch._dynamo`
for it at the first call. Nothing here is compiled with an optimizer in it (`training.compile` is of
networks), so the methods work without the mark. Where torch is built otherwise, nothing happens.
"""

from __future__ import annotations

import functools
import inspect
from types import MethodType
from typing import Any

import torch
from torch.optim import Optimizer

_MARKED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def spare_marks() -> None:
    """Let the marked methods of all optimizers be called without the compiler.

    `torch._compile._disable_dynamo` asks for the compiler unless it finds the marked function,
    which it remembers as an attribute; the function itself will do.
    """
    for name in _MARKED:
        plain = getattr(getattr(Optimizer, name), "__wrapped__", None)
        if plain is not None and not hasattr(plain, "__dynamo_disable"):
            setattr(plain, "__dynamo_disable", plain)


def spare_step(optimizer: Optimizer) -> None:
    """Let an optimizer of torch take its steps without the compiler.

    The decorator around each `step` sets whether gradients are recorded, and tells the compiler so.
    Here it only sets it. Hooks, and the name in profiles, stay.

    Args:
        optimizer: The optimizer; one of the user's stays as it is.
    """
    cls = type(optimizer)
    plain = inspect.unwrap(cls.step)
    if not cls.__module__.startswith("torch.optim.") or plain is cls.step:
        return

    @functools.wraps(plain)
    def step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        with torch.set_grad_enabled(bool(self.defaults.get("differentiable", False))):
            return plain(self, *args, **kwargs)

    hooked = Optimizer.profile_hook_step(step)
    optimizer.step = MethodType(hooked, optimizer)  # type: ignore[method-assign]
