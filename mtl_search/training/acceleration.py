"""What makes a network faster where it pays: another memory format, and torch.compile.

Both compute the same up to rounding. They are off by default: on a CPU channels last gives a few per cent at most, and
compiling takes longer than many a trial.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mtl_search.config.training import TrainingConfig
from mtl_search.errors import ConfigError
from mtl_search.models.network import MultiTaskNetwork

if TYPE_CHECKING:  # with an aggregator torchjd imports its solvers
    from mtl_search.training.balancing import Aggregator, Weighting


def check_acceleration(
    training: TrainingConfig,
    network: MultiTaskNetwork,
    weighting: Weighting | None,
    aggregator: Aggregator | None,
) -> None:
    """Refuse what cannot be done, or would do nothing.

    Raises:
        ConfigError: Compiling where the gradient of each task is taken by itself, or channels last without images.
    """
    if training.channels_last and not any(p.dim() == 4 for p in network.parameters()):
        raise ConfigError(
            "this network has no two-dimensional convolution",
            path="training.channels_last",
            value=True,
        )
    reads_gradients = aggregator is not None or (
        weighting is not None and weighting.needs_gradients
    )
    if training.compile and (
        reads_gradients or (weighting is not None and training.accumulate > 1)
    ):
        raise ConfigError(
            "a compiled network has no gradient of each task by itself, which this aggregator or weighting reads "
            "(as does any weighting over accumulated batches)",
            path="training.compile",
            value=True,
        )


def to_channels_last(training: TrainingConfig, network: MultiTaskNetwork) -> None:
    """Where asked for, put weights of convolutions channels last, and from now on images on their way in."""
    if not training.channels_last:
        return
    for parameter in network.parameters():
        if parameter.dim() == 4:
            # Not `contiguous`, which keeps the strides of a weight of one channel, contiguous in either format.
            laid = torch.empty_like(parameter, memory_format=torch.channels_last)
            parameter.data = laid.copy_(parameter.detach())
    # Before the policy, because it is called by itself where gradients of tasks are taken.
    network.sharing.register_forward_pre_hook(_channels_last)


def compile_network(training: TrainingConfig, network: MultiTaskNetwork) -> None:
    """Where asked for, in place; torch compiles at the first call, and again for other shapes."""
    if not training.compile:
        return
    dynamo: Any = importlib.import_module("torch._dynamo")
    # By default torch would go on uncompiled after some changes of shape, and say so in a log.
    dynamo.config.fail_on_recompile_limit_hit = True
    network.compile()


def match_memory_format(parameter: Tensor, gradient: Tensor) -> Tensor:
    """The gradient in the parameter's memory format, which fused optimisers need."""
    same = gradient.stride() == parameter.stride()
    return gradient if same else torch.empty_like(parameter).copy_(gradient)


def reset_compiler() -> None:
    """Drop all compiled code of this process; otherwise it would pile up from trial to trial."""
    torch.compiler.reset()


def _channels_last(_sharing: object, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The views of the call, images among them in the other format."""
    inputs: Mapping[str, Tensor] = arguments[0]
    changed = {
        view: x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
        for view, x in inputs.items()
    }
    return (changed, *arguments[1:])
