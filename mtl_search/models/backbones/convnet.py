"""Small convolutional network: one stage for each convolution, then one for each dense layer.

C channels, H height and V width of the image in pixels (W is the width of features in `models`)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from mtl_search.config.checks import check_choice, check_int, check_ints, check_number
from mtl_search.errors import ConfigError
from mtl_search.models.backbones.activation import activation_layer
from mtl_search.models.backbones.images import image_shape
from mtl_search.models.backbones.mlp import PATH, dense_layers
from mtl_search.models.stage import Stage

NORMS = ("batch", "none", "group")


def convnet(
    input_shape: tuple[int, ...],
    *,
    channels: Sequence[int] = (16, 32),
    dense: Sequence[int] = (),
    kernel: int = 3,
    pool: int = 2,
    activation: str = "relu",
    norm: str = "batch",
    dropout: float = 0.0,
) -> list[Stage]:
    """Build convolutions → norm → activation → max-pool, then dense layers if asked.

    The convolutions keep the size of the map; the dense layers read the flattened map.

    Args:
        input_shape: (C, H, V), channels first, or (H, V) for one channel.
        channels: Channels of each convolution; there are as many stages.
        dense: Widths of dense layers after the convolutions, one stage each, without norm. Without
            dense layers the stages end in a map, which heads pool over space; with them, the
            positions in the image are kept.
        kernel: Side of the convolutions: odd, and not above the image's.
        pool: Side of the max-pooling; 1 for none. A stage whose map is already smaller has none.
        activation: `relu`, `gelu`, `silu`, `tanh` or `elu`.
        norm: `batch`, `none` or `group` (8 groups, or as many as divide the channels). A batch of
            one sample trains under `batch` while maps have more than one pixel; below that torch
            refuses it.
        dropout: Share of features set to zero in training after dense layers, and of channels
            after convolutions.

    Returns:
        Stages from (B, C, H, V) to (B, channels[-1], ., .) or (B, dense[-1]).

    Raises:
        ConfigError: An argument is out of range, or the view is no image.

    Examples:
        >>> from mtl_search.models.backbones.convnet import convnet
        >>> [(stage.label, stage.kind) for stage in convnet((1, 28, 28), dense=[64])]
        [('conv 16', 'map'), ('conv 32', 'map'), ('dense 64', 'vector')]
    """
    maps = check_ints(channels, f"{PATH}.channels")
    sizes = check_ints(dense, f"{PATH}.dense", allow_empty=True)
    window = check_int(pool, f"{PATH}.pool")
    rate = check_number(dropout, f"{PATH}.dropout", high=1.0, exclude_high=True)
    check_choice(norm, f"{PATH}.norm", NORMS)
    inputs, height, width = image_shape(input_shape, "convnet")
    side = _kernel(kernel, min(height, width))
    stages: list[Stage] = []
    for size in maps:
        shrink = window if min(height, width) >= window else 1
        layers: list[nn.Module] = []
        if not stages and len(input_shape) == 2:
            layers.append(nn.Unflatten(1, (1, height)))
        layers += [nn.Conv2d(inputs, size, side, padding=side // 2), *_norm(norm, size)]
        layers.append(activation_layer(activation, f"{PATH}.activation"))
        if shrink > 1:
            layers.append(nn.MaxPool2d(shrink))
        if rate:
            layers.append(nn.Dropout2d(rate))
        stages.append(Stage(nn.Sequential(*layers), size, f"conv {size}", "map"))
        inputs = size
        height //= shrink
        width //= shrink
    inputs *= height * width
    for i, size in enumerate(sizes):
        layers = [nn.Flatten()] if i == 0 else []
        layers += dense_layers(inputs, size, "none", activation, rate)
        stages.append(Stage(nn.Sequential(*layers), size, f"dense {size}"))
        inputs = size
    return stages


def _kernel(kernel: int, smallest: int) -> int:
    """Return the kernel's side, which is odd so that padding keeps the size of the map.

    Raises:
        ConfigError: The side is even, or above the image's smaller side.
    """
    side = check_int(kernel, f"{PATH}.kernel", high=smallest)
    if side % 2 == 0:
        odd = [str(number) for number in range(1, smallest + 1, 2)]
        raise ConfigError(
            "the kernel's side must be odd", path=f"{PATH}.kernel", value=kernel, allowed=odd
        )
    return side


def _norm(norm: str, size: int) -> list[nn.Module]:
    """Build the normalisation of a map of `size` channels."""
    if norm == "batch":
        return [nn.BatchNorm2d(size)]
    if norm == "group":
        return [nn.GroupNorm(math.gcd(8, size), size)]
    return []
