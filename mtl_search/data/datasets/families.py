"""The tasks of a config whose sections are patterns, found among the targets of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_search.config import Config
from mtl_search.config.families.tasks import has_families, with_members
from mtl_search.data.datasets import DATASETS

if TYPE_CHECKING:  # slow to import
    from mtl_search.data.dataset import DataSet


def with_all_tasks(config: Config, data: DataSet | None = None) -> Config:
    """Return a config with a section for each task; as it is where it has no patterns.

    Args:
        config: The config.
        data: A data set in place of the one that the config names.

    Raises:
        ConfigError: A pattern matches no target, or an argument of the data set is wrong.
        DataError: The data cannot be read.
    """
    if not has_families(config):
        return config
    if data is not None:
        return with_members(config, tuple(data.targets))
    return with_members(config, _target_names(config))


def _target_names(config: Config) -> tuple[str, ...]:
    """Return the names of the targets, by the data set's header alone where that tells them."""
    arguments = config.data.arguments
    if ":" not in config.data.name:
        DATASETS.check_arguments(config.data.name, arguments, "data")
        target_names = getattr(DATASETS.get_member(config.data.name), "target_names", None)
        if target_names is not None:
            return tuple(target_names(arguments))
    from mtl_search.data.datasets.build import build_data

    return tuple(build_data(config.data, config.seed).targets)
