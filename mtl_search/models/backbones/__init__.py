"""Backbones by name: functions from the shape of a view to an ordered list of stages.

A function that takes integers as they are says so in an attribute `reads_integers`: True, or the
name of the argument that it needs for them.

This module is a table and loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from mtl_search.models.stage import Stage

__all__ = ["BACKBONES", "Backbone", "Stage"]

_HERE = "mtl_search.models.backbones"


class Backbone(Protocol):
    """A backbone: a function, or a class, from the shape of a view to what becomes its stages.

    A list of stages says where the tasks may part. A module of torch is cut into those of its
    children that run one after the other. It is called once for each copy that a sharing policy
    needs, and gives fresh modules each time. Without an argument `input_shape` it is called by the
    config's arguments alone.

    Examples:
        In a config it is `model.backbone: {name: "my_package.my_module:tower", width: 32}`.

        >>> from torch import nn
        >>> def tower(input_shape: tuple[int, ...], *, width: int = 16) -> nn.Sequential:
        ...     (inputs,) = input_shape
        ...     return nn.Sequential(
        ...         nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        ...     )
        >>> backbone: Backbone = tower
        >>> len(backbone((4,)))
        4
    """

    def __call__(
        self, input_shape: tuple[int, ...], **arguments: Any
    ) -> Sequence[Stage | nn.Module] | nn.Module:
        """Return stages, modules, or one module.

        Args:
            input_shape: Shape of a view, without the batch.
            **arguments: The arguments of the config.
        """
        ...


# Those of the table give stages, whatever a user's may give.
BACKBONES: Registry[Callable[..., list[Stage]]] = Registry(
    "backbone",
    {
        "mlp": f"{_HERE}.mlp:mlp",
        "convnet": f"{_HERE}.convnet:convnet",
        "bilstm": f"{_HERE}.bilstm:bilstm",
        "transformer": f"{_HERE}.transformer:transformer",
        "timm": f"{_HERE}.timm_model:timm_model",
    },
    given=("input_shape",),
)

__getattr__ = lazy_attributes(__name__, {"Stage": "mtl_search.models.stage"})
