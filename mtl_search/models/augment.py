"""Augmentation of images by kornia: on the device, a batch at a time, in training only.

kornia is an optional dependency (`pip install 'mtl-search[images]'`); it works without torchvision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from mtl_search.config.base import Component
from mtl_search.config.checks import check_number
from mtl_search.errors import ConfigError
from mtl_search.extras import import_extra

PATH = "model.augment"


class Augment(nn.Module):
    """Random changes of every image (B, C, H, V) of a batch, in training mode only.

    Views that are no images stay as they are. The changes draw from torch's global generator, so a
    trial's seed fixes them. Each view is changed independently of the others.

    Args:
        steps: Modules of `kornia.augmentation`, which run one after another.
    """

    def __init__(self, steps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)

    def forward(self, x: Tensor) -> Tensor:
        """Return images of the same shape (B, C, H, V)."""
        if not self.training or x.ndim != 4:
            return x
        for step in self.steps:
            x = step(x)
        return x


def build_augment(components: Sequence[Component]) -> Augment | None:
    """Build what `model.augment` asks for; return None if it is empty.

    Args:
        components: Names of classes of `kornia.augmentation`, with their arguments.

    Raises:
        ConfigError: kornia is not installed, has no such augmentation, or refuses the arguments.
    """
    if not components:
        return None
    kornia: Any = import_extra("kornia.augmentation", "images", PATH)
    return Augment([_build_step(kornia, part, f"{PATH}.{i}") for i, part in enumerate(components)])


def _build_step(kornia: Any, component: Component, path: str) -> nn.Module:
    available = sorted(name for name in dir(kornia) if name.startswith("Random"))
    available.append("ColorJiggle")
    if component.name not in available:
        raise ConfigError(
            "kornia has no augmentation of this name",
            path=path,
            value=component.name,
            allowed=available,
        )
    # kornia accepts a p of 2 and applies the augmentation always.
    check_number(component.arguments.get("p", 1.0), f"{path}.p", high=1.0)
    arguments = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in component.arguments.items()
    }
    try:
        step: nn.Module = getattr(kornia, component.name)(**arguments)
    except Exception as error:  # kornia raises errors of many types
        raise ConfigError(
            f"kornia refuses this: {error}", path=path, value=component.arguments
        ) from error
    return step
