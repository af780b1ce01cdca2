"""Multi-layer perceptron: one stage for each layer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from mtl_search.config.checks import check_choice, check_ints, check_number
from mtl_search.errors import ConfigError
from mtl_search.models.backbones.activation import activation_layer
from mtl_search.models.stage import Stage

PATH = "model.backbone"
NORMS = ("none", "layer", "batch")


def mlp(
    input_shape: tuple[int, ...],
    *,
    widths: Sequence[int] = (64, 64),
    activation: str = "relu",
    dropout: float = 0.0,
    norm: str = "none",
) -> list[Stage]:
    """Build dense layers: each stage is linear → norm → activation → dropout.

    Images and tokens are flattened first.

    Args:
        input_shape: Shape of a view without the batch.
        widths: Width of each layer; there are as many stages.
        activation: `relu`, `gelu`, `silu`, `tanh` or `elu`.
        dropout: Share of features set to zero in training.
        norm: `none`, `layer` or `batch`. Batch normalisation cannot train on a batch of one
            sample: torch refuses it.

    Returns:
        Stages from (B, *input_shape) to (B, widths[-1]).

    Raises:
        ConfigError: An argument is out of range, or the view is a number without features.

    Examples:
        >>> from mtl_search.models.backbones.mlp import mlp
        >>> [stage.label for stage in mlp((20,), widths=[64, 32])]
        ['dense 64', 'dense 32']
    """
    sizes = check_ints(widths, f"{PATH}.widths")
    rate = check_number(dropout, f"{PATH}.dropout", high=1.0, exclude_high=True)
    check_choice(norm, f"{PATH}.norm", NORMS)
    if not input_shape or math.prod(input_shape) == 0:
        raise ConfigError("the view has no features", path=f"{PATH}.name", value=list(input_shape))
    stages: list[Stage] = []
    inputs = math.prod(input_shape)
    for size in sizes:
        layers: list[nn.Module] = [nn.Flatten()] if not stages and len(input_shape) > 1 else []
        layers += dense_layers(inputs, size, norm, activation, rate)
        stages.append(Stage(nn.Sequential(*layers), size, f"dense {size}"))
        inputs = size
    return stages


def dense_layers(
    inputs: int, size: int, norm: str, activation: str, dropout: float
) -> list[nn.Module]:
    """Build linear → norm → activation → dropout, without those that do nothing.

    Args:
        inputs: Width of the features that enter.
        size: Width of the features that leave.
        norm: `none`, `layer` or `batch`.
        activation: Name in `ACTIVATIONS`.
        dropout: Share of features set to zero in training.
    """
    layers: list[nn.Module] = [nn.Linear(inputs, size)]
    if norm == "layer":
        layers.append(nn.LayerNorm(size))
    elif norm == "batch":
        layers.append(nn.BatchNorm1d(size))
    layers.append(activation_layer(activation, f"{PATH}.activation"))
    if dropout:
        layers.append(nn.Dropout(dropout))
    return layers
