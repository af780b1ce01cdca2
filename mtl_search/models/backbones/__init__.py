"""Backbones by name: functions from the shape of a view to an ordered list of stages.

A function that takes integers as they are says so in an attribute `reads_integers`: True, or the
name of the argument that it needs for them.
"""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.models.backbones.bilstm import bilstm
from mtl_search.models.backbones.convnet import convnet
from mtl_search.models.backbones.mlp import mlp
from mtl_search.models.backbones.timm_model import timm_model
from mtl_search.models.backbones.transformer import transformer
from mtl_search.models.stage import Stage
from mtl_search.registry import Registry

__all__ = ["BACKBONES", "Backbone"]

Backbone = Callable[..., "list[Stage]"]

BACKBONES: Registry[Backbone] = Registry(
    "backbone",
    {
        "mlp": mlp,
        "convnet": convnet,
        "bilstm": bilstm,
        "transformer": transformer,
        "timm": timm_model,
    },
    given=("input_shape",),
)
