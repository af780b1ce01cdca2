"""The shape of images."""

from __future__ import annotations

import pytest

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.images import image_shape


def test_an_image_without_channels_has_one() -> None:
    assert image_shape((30, 32), "timm") == (1, 30, 32)
    assert image_shape((3, 30, 32), "timm") == (3, 30, 32)


@pytest.mark.parametrize("shape", [(), (6,), (2, 3, 30, 32)])
def test_other_views_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="reads images") as caught:
        image_shape(shape, "timm")
    assert caught.value.path == "model.backbone.name"


@pytest.mark.parametrize("backbone", ["convnet", "timm"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_with_their_channels_last_are_refused(backbone: str, channels: int) -> None:
    with pytest.raises(ConfigError, match=r"looks like \(height, width, channels\)"):
        image_shape((16, 16, channels), backbone)
