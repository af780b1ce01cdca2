"""Small convolutional network: one stage a convolution, then one a dense layer.

C channels, H height, V width of the image in pixels (W is the width of features everywhere in `models`)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from mtl_search.config.checks import check_choice, check_int, check_ints, check_number
from mtl_search.errors import ConfigError
from mtl_search.models.backbones.activation import activation_layer
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
    """Convolutions (size kept) → norm → activation → max-pool; then dense layers on the flattened map, if any.

    Args:
        input_shape: (C, H, V), channels first, or (H, V) for one channel.
        channels: Channels of each convolution; as many stages.
        dense: Widths of dense layers after the convolutions, one stage each, without norm. Without any, the stages
            end in a map, which heads pool over space; with one, the place of things in the image is kept.
        kernel: Side of the convolutions: odd, and not above the image's.
        pool: Side of the max-pooling; left out of a stage whose map is already smaller; 1 for none.
        activation: `relu`, `gelu`, `silu`, `tanh` or `elu`.
        norm: `batch`, `none` or `group` (8 groups, or as many as divide the channels). A batch of one sample trains
            under `batch` while maps have more than one pixel, and is refused by torch below that.
        dropout: Share of features set to zero in training after dense layers, and of channels after convolutions.

    Returns:
        Stages from (B, C, H, V) to (B, channels[-1], ., .) or (B, dense[-1]).

    Raises:
        ConfigError: An argument is out of range, or the view is no image.
    """
    maps = check_ints(channels, f"{PATH}.channels")
    sizes = check_ints(dense, f"{PATH}.dense", allow_empty=True)
    window = check_int(pool, f"{PATH}.pool")
    rate = check_number(dropout, f"{PATH}.dropout", high=1.0, exclude_high=True)
    check_choice(norm, f"{PATH}.norm", NORMS)
    inputs, height, width = _image(input_shape)
    side = _kernel(kernel, min(height, width))
    stages: list[Stage] = []
    for size in maps:
        shrink = window if min(height, width) >= window else 1
        layers: list[nn.Module] = (
            [nn.Unflatten(1, (1, height))] if not stages and len(input_shape) == 2 else []
        )
        layers += [nn.Conv2d(inputs, size, side, padding=side // 2), *_norm(norm, size)]
        layers.append(activation_layer(activation, f"{PATH}.activation"))
        layers += [nn.MaxPool2d(shrink)] if shrink > 1 else []
        layers += [nn.Dropout2d(rate)] if rate else []
        stages.append(Stage(nn.Sequential(*layers), size, f"conv {size}", "map"))
        inputs, height, width = size, height // shrink, width // shrink
    inputs *= height * width
    for i, size in enumerate(sizes):
        layers = [nn.Flatten()] if i == 0 else []
        layers += dense_layers(inputs, size, "none", activation, rate)
        stages.append(Stage(nn.Sequential(*layers), size, f"dense {size}"))
        inputs = size
    return stages


def _image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """C, H and V of an image."""
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    if len(shape) != 3:
        raise ConfigError(
            f"a convnet reads images (channels, height, width), and the view's shape is {shape}",
            path=f"{PATH}.name",
            value="convnet",
            allowed=["mlp"],
        )
    if shape[2] in (1, 3, 4) and shape[0] > 4:
        raise ConfigError(
            f"the view's shape {shape} looks like (height, width, channels); a convnet reads (channels, height, width)",
            path=f"{PATH}.name",
            value="convnet",
        )
    return shape[0], shape[1], shape[2]


def _kernel(kernel: int, smallest: int) -> int:
    """The kernel's side: odd, so that padding keeps the size, and not above the image's smaller side."""
    side = check_int(kernel, f"{PATH}.kernel", high=smallest)
    if side % 2 == 0:
        odd = [str(number) for number in range(1, smallest + 1, 2)]
        raise ConfigError(
            "the kernel's side must be odd", path=f"{PATH}.kernel", value=kernel, allowed=odd
        )
    return side


def _norm(norm: str, size: int) -> list[nn.Module]:
    """The normalisation of a map of `size` channels."""
    if norm == "batch":
        return [nn.BatchNorm2d(size)]
    return [nn.GroupNorm(math.gcd(8, size), size)] if norm == "group" else []
