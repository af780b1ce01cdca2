"""Partition of a foreign model into stages: watch which of its parts run, and in which order.

B samples; the watched model reads images (B, C, H, V)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mtl_search.errors import first_line
from mtl_search.models.stage import FeatureKind, Stage, parameter_count

# Rank of features → their kind.
_KINDS: dict[int, FeatureKind] = {2: "vector", 3: "tokens", 4: "map"}

# A part of a model with its name.
Part = tuple[str, nn.Module]

# Largest difference between the output of the stages and that of the model, relative to the
# largest value of the model's output.
TOLERANCE = 1e-4


class PartitionError(Exception):
    """The model is more than its parts in sequence; the message says in which way."""


def outermost_calls(model: nn.Module, call: Callable[[], Tensor]) -> tuple[list[Part], Tensor]:
    """Find the parts of a model that a call runs.

    Args:
        model: The model.
        call: Runs the model, or some of its parts.

    Returns:
        The parts in the order in which they run, without the parts inside them; and the result of
        `call`.
    """
    names = {module: name for name, module in model.named_modules() if module is not model}
    parts: list[Part] = []
    depth = 0  # number of watched modules whose forward is running

    def enter(module: nn.Module, _inputs: Any) -> None:
        nonlocal depth
        if depth == 0:
            parts.append((names[module], module))
        depth += 1

    def leave(_module: nn.Module, _inputs: Any, _output: Any) -> None:
        nonlocal depth
        depth -= 1

    hooks = []
    for module in names:
        hooks.append(module.register_forward_pre_hook(enter))
        hooks.append(module.register_forward_hook(leave))
    try:
        output = call()
    finally:
        for hook in hooks:
            hook.remove()
    return parts, output


def open_main_sequence(parts: list[Part]) -> list[Part]:
    """Replace the main sequence, if there is one, by its parts.

    `blocks` of a ViT is such a sequence; one of the four `layer`s of a ResNet is not. A sequence is
    the main one if all others together hold less than a tenth of the parameters of all parts.
    """
    sizes = [parameter_count(module) if _is_sequence(module) else 0 for _, module in parts]
    if not any(sizes):
        return parts
    main = sizes.index(max(sizes))
    total = sum(parameter_count(module) for _, module in parts)
    if sum(sizes) - sizes[main] > total / 10:
        return parts
    name, sequence = parts[main]
    opened = [(f"{name}.{child}", module) for child, module in sequence.named_children()]
    return [*parts[:main], *opened, *parts[main + 1 :]]


def group_parts(parts: list[Part]) -> list[list[Part]]:
    """Group each part with those after it that have no matrix, such as norms or activations."""
    groups: list[list[Part]] = []
    for name, module in parts:
        if not groups or (_has_matrix(module) and any(_has_matrix(m) for _, m in groups[-1])):
            groups.append([])
        groups[-1].append((name, module))
    return groups


def to_stages(groups: list[list[Part]], x: Tensor) -> tuple[list[Stage], Tensor]:
    """Make each group a stage and run the stages.

    Args:
        groups: The parts of each stage.
        x: An input; the features that it leads to give the width and the kind of each stage.

    Returns:
        The stages, and the output of the last one.

    Raises:
        PartitionError: A part runs twice, does not take the output of the part before it, or gives
            no features.
    """
    stages: list[Stage] = []
    used: set[nn.Module] = set()
    for parts in groups:
        first = parts[0][0]
        modules = [module for _, module in parts]
        if used & set(modules):
            raise PartitionError(f"its part {first!r} runs more than once")
        used |= set(modules)
        for part in parts:
            x = _run_part(part, x)
        kind = _KINDS[x.ndim]
        width = x.shape[1] if kind == "map" else x.shape[-1]
        stages.append(Stage(nn.Sequential(*modules), width, f"{first} {width}", kind))
    return stages, x


def check_equal(ours: Tensor, theirs: Tensor) -> None:
    """Check that the stages compute what the model computes.

    Args:
        ours: Output of the stages.
        theirs: Output of the model.

    Raises:
        PartitionError: They differ by more than rounding.
    """
    if ours.shape != theirs.shape:
        raise PartitionError(
            f"its parts in sequence give {tuple(ours.shape)}, and itself {tuple(theirs.shape)}"
        )
    difference = float((ours - theirs).abs().max())
    # Not `>`: a difference of NaN must be refused, too.
    if not difference <= TOLERANCE * float(theirs.abs().max()):
        raise PartitionError(
            f"its parts in sequence differ from its own forward by {difference:.2g}: "
            "it does more between them"
        )


@torch.no_grad()
def in_eval_mode(model: nn.Module, call: Callable[[], Any]) -> Any:
    """Return the result of a call that runs while the model is in evaluation mode.

    No gradient is recorded. The model is put back in the mode that it had.
    """
    was_training = model.training
    model.eval()
    try:
        return call()
    finally:
        model.train(was_training)


def _run_part(part: Part, x: Tensor) -> Tensor:
    name, module = part
    try:
        y = module(x)
    except Exception as error:
        raise PartitionError(
            f"its part {name!r} does not go on from the part before it ({first_line(error)})"
        ) from error
    if not isinstance(y, Tensor) or y.ndim not in _KINDS:
        raise PartitionError(f"its part {name!r} gives no features that a stage could hand on")
    return y


def _is_sequence(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _has_matrix(module: nn.Module) -> bool:
    return any(p.ndim > 1 for p in module.parameters())
