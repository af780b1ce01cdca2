"""Options that make a network faster: another memory format, and torch.compile.

Both compute the same up to rounding. They are off by default: on a CPU channels last gives a few
per cent at most, and compiling takes longer than many trials do.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mtl_search.config.sections.training import TrainingConfig
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
    """Refuse options that cannot work, or would do nothing.

    Raises:
        ConfigError: A network is to be compiled whose tasks' gradients are taken one by one, or one
            without two-dimensional convolutions is to be channels last.
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
            "a compiled network has no gradient of each task by itself, which this aggregator or "
            "weighting reads (as does any weighting over accumulated batches)",
            path="training.compile",
            value=True,
        )


def to_channels_last(training: TrainingConfig, network: MultiTaskNetwork) -> None:
    """Convert the weights of convolutions, and from now on images, if the config asks for it."""
    if not training.channels_last:
        return
    for parameter in network.parameters():
        if parameter.dim() == 4:
            # Not `contiguous`: a weight of one channel is contiguous in either format, and would
            # keep its strides.
            converted = torch.empty_like(parameter, memory_format=torch.channels_last)
            parameter.data = converted.copy_(parameter.detach())
    # On the sharing policy, because it is called without the network for gradients of tasks.
    network.sharing.register_forward_pre_hook(_channels_last)


def compile_network(training: TrainingConfig, network: MultiTaskNetwork) -> None:
    """Compile the network in place, if the config asks for it.

    Torch compiles at the first call, and again for other shapes.
    """
    if not training.compile:
        return
    dynamo: Any = importlib.import_module("torch._dynamo")
    # By default torch would go on uncompiled after some changes of shape, and only log it.
    dynamo.config.fail_on_recompile_limit_hit = True
    network.compile()


def device_name(device: torch.device) -> str:
    """Return the type of a device: `cpu`, or the name of the GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def match_memory_format(parameter: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient in the parameter's memory format, which fused optimisers need."""
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


def reset_compiler() -> None:
    """Drop all compiled code of this process, which would pile up from trial to trial."""
    torch.compiler.reset()


def _channels_last(_sharing: object, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Convert the images among the views of a call."""
    inputs: dict[str, Tensor] = dict(arguments[0])
    for view, x in inputs.items():
        if x.dim() == 4:
            inputs[view] = x.contiguous(memory_format=torch.channels_last)
    return (inputs, *arguments[1:])
