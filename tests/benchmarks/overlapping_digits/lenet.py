"""LeNet as Sener and Koltun (2018) have it, in three stages that tasks can share.

Their convolutions have no padding, and the product's `convnet` keeps the size of the map; else it
would do.
"""

from __future__ import annotations

from torch import nn

from mtl_search.models.stage import Stage

_KERNEL, _POOL = 5, 2


def lenet(
    input_shape: tuple[int, ...], *, channels: tuple[int, int] = (10, 20), width: int = 50
) -> list[Stage]:
    """Build two convolutions, each with max-pooling and ReLU, and a dense layer.

    Args:
        input_shape: (C, H, V), channels first.
        channels: Channels of each convolution.
        width: Width of the dense layer.
    """
    inputs, *sides = input_shape
    stages = []
    for size in channels:
        layers = [nn.Conv2d(inputs, size, _KERNEL), nn.MaxPool2d(_POOL), nn.ReLU()]
        stages.append(Stage(nn.Sequential(*layers), size, f"conv {size}", "map"))
        inputs = size
        sides = [(side - _KERNEL + 1) // _POOL for side in sides]
    flat = inputs * sides[0] * sides[1]
    dense = nn.Sequential(nn.Flatten(), nn.Linear(flat, width), nn.ReLU())
    return [*stages, Stage(dense, width, f"dense {width}")]
