"""Configs: what a sweep is, checked before anything runs."""

from mtl_search.config.base import Component
from mtl_search.config.load import load_config, override, parse, to_dict, to_yaml
from mtl_search.config.schema import Config, TaskConfig
from mtl_search.config.space import SpaceEntry

__all__ = [
    "Component",
    "Config",
    "SpaceEntry",
    "TaskConfig",
    "load_config",
    "override",
    "parse",
    "to_dict",
    "to_yaml",
]
