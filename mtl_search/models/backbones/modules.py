"""Plain modules of torch as stages: a sequence is cut into its children, so that depth can vary.

B samples, W width, T tokens
"""

from __future__ import annotations

import copy
import inspect
import logging
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.errors import first_line
from mtl_search.models.backbones.partition import (
    Part,
    PartitionError,
    check_equal,
    group_parts,
    in_eval_mode,
    to_stages,
)
from mtl_search.models.backbones.stages import MaskedStage
from mtl_search.models.backbones.traced import traced_parts
from mtl_search.models.stage import Stage

logger = logging.getLogger(__name__)

# These read (B, W, T), and what leaves them would be taken for (B, T, W).
_CHANNELS_FIRST = (nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AvgPool1d)

# Samples that a module is tried on.
_SAMPLES = 2


def as_stages(built: object, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> list[Stage]:
    """Return what a user's backbone gives as a list of stages.

    A list may hold stages and modules; each of them is a stage. A module is cut into those of its
    children that run one after the other, where they compute what it computes; otherwise it is one
    stage. What has no matrix of parameters, such as an activation, stays with the child before it.

    Args:
        built: A list of stages or modules, or a module.
        shape: Shape of a view, without the batch.
        dtype: Type of the view.

    Raises:
        PartitionError: It is something else, or does not run on the view; the message goes on from
            "the backbone".

    Examples:
        >>> body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        >>> [stage.label for stage in as_stages(body, (4,), np.dtype("float32"))]
        ['0 8', '2 3']
    """
    if isinstance(built, list | tuple) and built:
        if all(isinstance(part, Stage) for part in built):
            return list(built)
        if all(isinstance(part, nn.Module) for part in built):
            return _cut(nn.Sequential(*built), shape, dtype, is_list=True)
    if isinstance(built, nn.Module):
        return _cut(built, shape, dtype, is_list=False)
    raise PartitionError(
        f"gives a {type(built).__name__}, and needed is a list of mtl_search.Stage, or a module of "
        "torch whose children become the stages"
    )


def _cut(
    module: nn.Module, shape: tuple[int, ...], dtype: np.dtype[np.generic], *, is_list: bool
) -> list[Stage]:
    # A generator of its own: the draws of a trial's weights do not depend on this.
    values = torch.rand((_SAMPLES, *shape), generator=torch.Generator().manual_seed(0))
    x = values if dtype.kind == "f" else torch.zeros_like(values, dtype=torch.long)
    try:
        return _with_masks(in_eval_mode(module, lambda: _stages(module, x, is_list=is_list)))
    except PartitionError:
        raise
    except Exception as error:
        raise PartitionError(
            f"cannot be run on a view of shape {tuple(x.shape)} ({first_line(error)})"
        ) from error


def _stages(module: nn.Module, x: Tensor, *, is_list: bool) -> list[Stage]:
    if is_list:
        stages, _ = to_stages([[part] for part in module.named_children()], x)
        return _checked([_unwrapped(stage) for stage in stages])
    output = module(x)
    if not isinstance(output, Tensor):
        raise PartitionError(
            f"returns a {type(output).__name__}, and needed are features, one tensor"
        )
    try:
        parts = _sequence(module) if _is_sequence(module) else traced_parts(module)
        stages, ours = to_stages(group_parts(parts), x)
        check_equal(ours, output)
    except PartitionError as error:
        _warn_of_one_stage(type(module).__name__, str(error).partition(" by ")[0])
        stages, _ = to_stages([[(type(module).__name__.lower(), module)]], x)
    return _checked([_unwrapped(stage) for stage in stages])


def _is_sequence(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _sequence(module: nn.Module) -> list[Part]:
    """Return the children of a sequence; one of them that stands alone and is one is opened."""
    parts: list[Part] = []
    for name, child in module._modules.items():  # noqa: SLF001  named_children leaves repeats out
        assert child is not None
        seen = any(child is other for _, other in parts)
        # An activation may stand in a sequence twice; one with weights ties the stages together.
        is_tied = seen and any(True for _ in child.parameters())
        parts.append((name, copy.deepcopy(child) if seen and not is_tied else child))
    if len(parts) == 1 and _is_sequence(parts[0][1]):
        return [(f"{parts[0][0]}.{name}", child) for name, child in _sequence(parts[0][1])]
    return parts


@cache  # a network has many copies of a backbone
def _warn_of_one_stage(name: str, why: str) -> None:
    logger.warning(
        "the backbone %s is one stage, so that tasks share all of it or nothing: %s; return a list "
        "of modules to say where it may be cut", name, why,
    )  # fmt: skip


def _opened(parts: list[Part]) -> list[Part]:
    """Open sequences as long as there is nothing else in the module."""
    while len(parts) == 1 and type(parts[0][1]) is nn.Sequential:
        name, sequence = parts[0]
        parts = [(f"{name}.{child}", module) for child, module in sequence.named_children()]
    return parts


def _unwrapped(stage: Stage) -> Stage:
    """Return a stage around its one module, without a sequence of one."""
    modules = list(stage.body.children())
    if len(modules) > 1:
        return stage
    body = modules[0]
    return body if isinstance(body, Stage) else Stage(body, stage.width, stage.label, stage.kind)


def _checked(stages: list[Stage]) -> list[Stage]:
    """Refuse features (B, W, T), whose axes would be taken for others."""
    for stage in stages:
        bodies = [module for module in stage.modules() if isinstance(module, _CHANNELS_FIRST)]
        if stage.kind == "tokens" and bodies:
            raise PartitionError(
                f"has features of three axes after {stage.label!r}, a {type(bodies[0]).__name__}, "
                "which are read as (samples, tokens, width); transpose them inside one module, or "
                "pool and flatten them there"
            )
    return stages


class _MaskedSequence(nn.Sequential):
    """A sequence that hands the mask of tokens to those of its modules that ask for it."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the features (B, T, W)."""
        for module in self:
            x = module(x, mask=mask) if _takes_mask(module) else module(x)
        return x


def _with_masks(stages: list[Stage]) -> list[Stage]:
    """Hand the mask of tokens to those modules that ask for it."""
    masked: list[Stage] = []
    for stage in stages:
        modules = list(stage.body) if type(stage.body) is nn.Sequential else [stage.body]
        if type(stage) is Stage and any(map(_takes_mask, modules)):
            body = _MaskedSequence(*modules)
            masked.append(MaskedStage(body, stage.width, stage.label, stage.kind))
        else:
            masked.append(stage)
    return masked


def _takes_mask(module: nn.Module) -> bool:
    return "mask" in inspect.signature(module.forward).parameters
