"""Augmentation of images by kornia, on the device, a batch at a time, in training only.

kornia is an optional dependency (`pip install 'mtl-search[images]'`) that works without torchvision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from mtl_search.config.base import Component
from mtl_search.errors import ConfigError
from mtl_search.extras import import_extra

PATH = "model.augment"


class Augment(nn.Module):
    """Random changes of every image (B, C, H, V) of a batch; nothing in evaluation. Other views stay as they are.

    They draw from torch's global generator, so that a trial's seed fixes them. Each view is changed by itself.

    Args:
        steps: Of kornia.augmentation, one after another.
    """

    def __init__(self, steps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, V) → the same shape."""
        if not self.training or x.ndim != 4:
            return x
        for step in self.steps:
            x = step(x)
        return x


def build_augment(members: Sequence[Component]) -> Augment | None:
    """What `model.augment` asks for: names of kornia.augmentation with their arguments.

    Raises:
        ConfigError: kornia is not installed, has no such augmentation, or refuses the arguments.
    """
    if not members:
        return None
    kornia: Any = import_extra("kornia.augmentation", "images", PATH)
    known = sorted(
        name for name in dir(kornia) if name.startswith("Random") or name == "ColorJiggle"
    )
    steps = []
    for number, member in enumerate(members):
        path = f"{PATH}.{number}"
        if member.name not in known:
            raise ConfigError(
                "kornia has no augmentation of this name",
                path=path,
                value=member.name,
                allowed=known,
            )
        p = member.arguments.get("p", 1.0)
        if (
            isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p <= 1
        ):  # kornia takes 2 for always
            raise ConfigError("a probability from 0 to 1 is needed", path=f"{path}.p", value=p)
        arguments = {
            key: tuple(x) if isinstance(x, list) else x for key, x in member.arguments.items()
        }
        try:
            steps.append(getattr(kornia, member.name)(**arguments))
        except Exception as error:  # kornia raises what it likes
            raise ConfigError(
                f"kornia refuses this: {error}", path=path, value=member.arguments
            ) from error
    return Augment(steps)
