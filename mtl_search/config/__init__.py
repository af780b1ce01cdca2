"""Configs: what a sweep is, checked before anything runs."""

from mtl_search.config.base import Component
from mtl_search.config.load import load_config, override
from mtl_search.config.schema import Config
from mtl_search.config.sections.task import TaskConfig
from mtl_search.config.space import SpaceEntry
from mtl_search.config.stored import (
    from_stored,
    parse,
    parse_like,
    to_dict,
    to_stored,
    to_yaml,
    with_written,
)

__all__ = [
    "Component",
    "Config",
    "SpaceEntry",
    "TaskConfig",
    "from_stored",
    "load_config",
    "override",
    "parse",
    "parse_like",
    "to_dict",
    "to_stored",
    "to_yaml",
    "with_written",
]
