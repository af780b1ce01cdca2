"""The shape of images, which several backbones read."""

from __future__ import annotations

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.mlp import PATH


def image_shape(shape: tuple[int, ...], backbone: str) -> tuple[int, int, int]:
    """Return channels, height and width of a view of images.

    Args:
        shape: (C, H, V), or (H, V) for images of one channel.
        backbone: Name of the backbone, for the message.

    Raises:
        ConfigError: The view holds no images, or images that seem to have their channels last,
            which would train without an error.
    """
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    if len(shape) == 3 and shape[2] in (1, 3, 4) and shape[0] > 4:
        raise ConfigError(
            f"the view's shape {shape} looks like (height, width, channels); "
            f"{backbone} reads (channels, height, width)",
            path=f"{PATH}.name",
            value=backbone,
        )
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    raise ConfigError(
        f"the backbone reads images (channels, height, width), and the view's shape is {shape}",
        path=f"{PATH}.name",
        value=backbone,
        allowed=["mlp"],
    )
