"""Backbones by name: functions from the shape of a view to an ordered list of stages.

A function that takes integers as they are says so in an attribute `reads_integers`: True, or the
name of the argument that it needs for them.

This module is a table and loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mtl_search.registry import Registry, lazy_attributes

if TYPE_CHECKING:
    from mtl_search.models.stage import Stage

__all__ = ["BACKBONES", "Backbone", "Stage"]

_HERE = "mtl_search.models.backbones"

Backbone = Callable[..., "list[Stage]"]

BACKBONES: Registry[Backbone] = Registry(
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
