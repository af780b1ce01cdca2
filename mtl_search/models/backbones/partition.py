"""Cutting a module of somebody else's into stages, by watching which of its parts run, in which order.

B samples; the watched module reads images (B, C, H, V)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mtl_search.models.stage import FeatureKind, Stage, parameter_count

_KINDS: dict[int, FeatureKind] = {2: "vector", 3: "tokens", 4: "map"}

# One part with its name.
Part = tuple[str, nn.Module]

# The largest difference between the stages in order and the whole, as a share of the largest value of the whole.
TOLERANCE = 1e-4


class PartitionError(Exception):
    """The module is more than its parts in sequence; the message says how."""


def outermost_calls(model: nn.Module, call: Callable[[], Tensor]) -> tuple[list[Part], Tensor]:
    """The parts of a module that `call` runs, in order, each without the parts inside it; and what `call` returns."""
    names = {module: name for name, module in model.named_modules() if module is not model}
    parts: list[Part] = []
    depth = 0

    def enter(module: nn.Module, _inputs: Any) -> None:
        nonlocal depth
        if depth == 0:
            parts.append((names[module], module))
        depth += 1

    def leave(_module: nn.Module, _inputs: Any, _output: Any) -> None:
        nonlocal depth
        depth -= 1

    hooks = [
        hook
        for m in names
        for hook in (m.register_forward_pre_hook(enter), m.register_forward_hook(leave))
    ]
    try:
        output = call()
    finally:
        for hook in hooks:
            hook.remove()
    return parts, output


def open_sequences(parts: list[Part]) -> list[Part]:
    """The main sequence, if there is one, replaced by its parts: `blocks` of a ViT, but not one of four `layer`s.

    It is the main one when all other sequences together hold less than a tenth of the parameters of all parts.
    """
    sizes = [parameter_count(module) if _is_sequence(module) else 0 for _, module in parts]
    largest = max(range(len(parts)), key=sizes.__getitem__, default=0)
    if (
        not sum(sizes)
        or sum(sizes) - sizes[largest] > sum(parameter_count(module) for _, module in parts) / 10
    ):
        return parts
    opened: list[Part] = []
    for i, (name, module) in enumerate(parts):
        inside = list(module.named_children()) if i == largest else []
        opened += [(f"{name}.{child}", block) for child, block in inside] or [(name, module)]
    return opened


def group(parts: list[Part]) -> list[list[Part]]:
    """Parts without a matrix of their own (normalisation, activation, pooling) join the part before them."""
    groups: list[list[Part]] = []
    for name, module in parts:
        if not groups or (_has_matrix(module) and any(_has_matrix(m) for _, m in groups[-1])):
            groups.append([])
        groups[-1].append((name, module))
    return groups


def to_stages(groups: list[list[Part]], x: Tensor) -> tuple[list[Stage], Tensor]:
    """One stage a group, with the widths and kinds that `x` shows; and what comes out at their end.

    Raises:
        PartitionError: A part does not take what the part before it gives, or gives no features.
    """
    stages: list[Stage] = []
    seen: set[nn.Module] = set()
    for parts in groups:
        modules = [module for _, module in parts]
        if seen & set(modules):
            raise PartitionError(f"its part {parts[0][0]!r} runs more than once")
        seen |= set(modules)
        for name, module in parts:
            try:
                x = module(x)
            except Exception as error:
                raise PartitionError(
                    f"its part {name!r} does not go on from the part before it ({_first_line(error)})"
                ) from error
            if not isinstance(x, Tensor) or x.ndim not in _KINDS:
                raise PartitionError(
                    f"its part {name!r} gives no features that a stage could hand on"
                )
        kind = _KINDS[x.ndim]
        width = x.shape[1] if kind == "map" else x.shape[-1]
        stages.append(Stage(nn.Sequential(*modules), width, f"{parts[0][0]} {width}", kind))
    return stages, x


def check_equal(ours: Tensor, theirs: Tensor) -> None:
    """Refuse stages that do not compute what the whole computes.

    Raises:
        PartitionError: They differ by more than rounding.
    """
    if ours.shape != theirs.shape:
        raise PartitionError(
            f"its parts in sequence give {tuple(ours.shape)}, and itself {tuple(theirs.shape)}"
        )
    difference = float((ours - theirs).abs().max())
    if not difference <= TOLERANCE * float(theirs.abs().max()):
        raise PartitionError(
            f"its parts in sequence differ from its own forward by {difference:.2g}: it does more between them"
        )


def _is_sequence(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _has_matrix(module: nn.Module) -> bool:
    return any(p.ndim > 1 for p in module.parameters())


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@torch.no_grad()
def in_eval_mode(model: nn.Module, call: Callable[[], Any]) -> Any:
    """What `call` returns while the module is in evaluation mode and no gradient is kept."""
    was_training = model.training
    model.eval()
    try:
        return call()
    finally:
        model.train(was_training)
