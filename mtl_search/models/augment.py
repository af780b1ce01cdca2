"""Random changes of a batch on its device, in training only: kornia's by name, or the user's.

kornia is an optional dependency (`pip install 'mtl-search[images]'`); it works without torchvision.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from torch import Tensor, nn

from mtl_search.config.base import Component
from mtl_search.config.checks import check_number
from mtl_search.errors import ConfigError
from mtl_search.extras import import_extra
from mtl_search.registry import Registry, import_attribute

PATH = "model.augment"

# Views are taken for images where nothing else is said.
_IMAGES = 4


class Augmentation(nn.Module, ABC):
    """Base of augmentations of one's own: a batch in, the batch with random changes out.

    Shape and type stay, and the batch that comes in is not changed itself. Random numbers come from
    torch, so that a trial's seed fixes them. A plain function of the batch is an augmentation of
    images, too.

    Attributes:
        axes: Number of axes of the views that it changes, the batch included: 4 for images
            (B, C, H, V), 2 for rows of a table. Views of whole numbers always stay as they are.

    Examples:
        In a config it is `model.augment: [{name: "my_package.my_module:Noise", strength: 0.1}]`.

        >>> import torch
        >>> class Noise(Augmentation):
        ...     axes = 2
        ...
        ...     def __init__(self, strength: float = 0.1) -> None:
        ...         super().__init__()
        ...         self.strength = strength
        ...
        ...     def forward(self, x):
        ...         return x + self.strength * torch.randn_like(x)
        >>> Noise(0.2)(torch.zeros(8, 5)).shape
        torch.Size([8, 5])
    """

    axes: ClassVar[int] = _IMAGES

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return the batch (B, ...) with random changes."""


class _Function(nn.Module):
    """A function of the batch as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor], axes: int) -> None:
        super().__init__()
        self.function = function
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        """Return what the function returns."""
        return self.function(x)


class Augment(nn.Module):
    """Random changes of every image (B, C, H, V) of a batch, in training mode only.

    Views that are no images stay as they are, unless a step says that it takes others. The changes
    draw from torch's global generator, so a trial's seed fixes them. Each view is changed
    independently of the others.

    Args:
        steps: Modules of `kornia.augmentation` or of the user's, which run one after another.
    """

    def __init__(self, steps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)

    def forward(self, x: Tensor) -> Tensor:
        """Return a batch of the same shape."""
        if not self.training or not x.is_floating_point():
            return x
        for step in self.steps:
            if x.ndim == axes_of(step):
                x = step(x)
        return x


def axes_of(step: Any) -> int:
    """Return the number of axes of the views that a step changes."""
    return int(getattr(step, "axes", _IMAGES))


def build_augment(components: Sequence[Component]) -> Augment | None:
    """Build what `model.augment` asks for; return None if it is empty.

    Args:
        components: Names of classes of `kornia.augmentation`, or `module:attribute`, with their
            arguments.

    Raises:
        ConfigError: kornia is not installed, has no such augmentation, or refuses the arguments; or
            what is named is no augmentation.
    """
    if not components:
        return None
    steps = []
    for number, part in enumerate(components):
        path = f"{PATH}.{number}"
        if ":" in part.name:
            steps.append(_own_step(part, path))
        else:
            kornia: Any = import_extra("kornia.augmentation", "images", PATH)
            steps.append(_build_step(kornia, part, path))
    return Augment(steps)


def _own_step(component: Component, path: str) -> nn.Module:
    """Build an augmentation of the user's: a class, or a function of the batch."""
    name, arguments = component.name, component.arguments
    member: Any = import_attribute(name, f"{path}.name")
    given: tuple[str, ...] = ()
    if not isinstance(member, type) and callable(member) and not isinstance(member, nn.Module):
        given = tuple(inspect.signature(member).parameters)[:1]
    registry: Registry[Any] = Registry("augmentation", {}, given=given)
    registry.check_arguments(name, arguments, path)
    if given:
        return _Function(partial(member, **arguments), axes_of(member))
    step = registry.build(name, arguments, path)
    if not callable(step):
        message = f"this gives a {type(step).__name__}; a mtl_search.Augmentation is needed"
        raise ConfigError(message, path=f"{path}.name", value=name)
    return step if isinstance(step, nn.Module) else _Function(step, axes_of(step))


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
