"""Backbones by name: functions from the shape of a view to an ordered list of stages."""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.models.backbones.convnet import convnet
from mtl_search.models.backbones.mlp import mlp
from mtl_search.models.stage import Stage
from mtl_search.registry import Registry

__all__ = ["BACKBONES", "Backbone"]

Backbone = Callable[..., "list[Stage]"]

BACKBONES: Registry[Backbone] = Registry("backbone", {"mlp": mlp, "convnet": convnet}, given=("input_shape",))
