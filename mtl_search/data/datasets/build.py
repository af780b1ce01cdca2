"""Build the data set that a config asks for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mtl_search.config.base import Component
from mtl_search.config.schema import HANDED_OVER, Config
from mtl_search.data.dataset import DataSet
from mtl_search.data.datasets import DATASETS
from mtl_search.errors import ConfigError, DataError, MtlSearchError


def load_data(config: Config) -> DataSet:
    """Build the data set of a sweep, with at most `training.max_samples_per_split` samples a split.

    Raises:
        ConfigError: There is no such data set or argument, or an argument has a wrong value.
        DataError: The data cannot be read, or user code failed or returned something else.
    """
    return subsample(build_data(config.data, config.seed), config)


def subsample(data: DataSet, config: Config) -> DataSet:
    """Return the part of a data set that a sweep uses."""
    most = config.training.max_samples_per_split
    return data if most is None else data.sampled(most, config.seed)


def build_data(
    member: Component,
    seed: int,
    *,
    build_source: Callable[[Component, int], DataSet] | None = None,
) -> DataSet:
    """Build the data set that a section such as `data` names.

    Args:
        member: Its name and arguments. `"module:attribute"` is a function that returns a `DataSet`,
            or a `DataSet`.
        seed: The seed of a data set that takes one and for which the config sets none.
        build_source: Builds each source of `sources` in place of this function.

    Raises:
        ConfigError: There is no such data set or argument, or an argument has a wrong value.
        DataError: The data cannot be read, or user code failed or returned something else.
    """
    refuse_handed_over(member)
    if ":" in member.name:
        return _user_data(member, seed)
    # Only `sources` builds data sets itself; handing the function over keeps the modules acyclic.
    supplied = {"build_data": build_source or build_data} if member.name == "sources" else {}
    arguments = _with_seed(member, seed)
    DATASETS.check_arguments(member.name, arguments, "data")
    # Not `Registry.build`: what else one of ours raises is a bug, and no mistake in the config.
    return DATASETS.get_member(member.name)(**arguments, **supplied)


def refuse_handed_over(member: Component) -> None:
    """Refuse a config without a data set, where none is handed over.

    Raises:
        ConfigError: The config names no data set.
    """
    if member.name == HANDED_OVER:
        raise ConfigError(
            "the config names no data set: name one, or hand it over in Python, by "
            "`mtl_search.run(config, data=...)`",
            path="data",
            allowed=[*DATASETS, "module:attribute"],
        )


def _with_seed(member: Component, seed: int) -> dict[str, Any]:
    arguments = member.arguments
    if "seed" in DATASETS.arguments(member.name, "data"):
        arguments.setdefault("seed", seed)
    return arguments


def _user_data(member: Component, seed: int) -> DataSet:
    builder: Any = DATASETS.get_member(member.name, "data.name")
    if isinstance(builder, DataSet):
        if member.arguments:
            message = f"{member.name!r} is a data set and not a function, so it takes no arguments"
            raise ConfigError(message, path="data", value=member.arguments)
        return builder
    _check_signature(builder, member.name)
    arguments = _with_seed(member, seed)
    DATASETS.check_arguments(member.name, arguments, "data")
    try:
        data = builder(**arguments)
    except MtlSearchError:
        raise
    except Exception as error:  # user code may raise anything; the cause stays chained
        message = f"the data set {member.name!r} failed with {type(error).__name__}: {error}"
        raise DataError(message) from error
    if not isinstance(data, DataSet):
        kind = type(data).__name__
        message = (
            f"the data set {member.name!r} returned a {kind}; a mtl_search.data.DataSet is needed"
        )
        raise DataError(message)
    return data


def _check_signature(builder: object, name: str) -> None:
    if not callable(builder):
        kind = type(builder).__name__
        message = f"this is a {kind}, neither a DataSet nor a function that returns one"
        raise ConfigError(message, path="data.name", value=name)
    try:
        inspect.signature(builder)
    except (TypeError, ValueError):
        message = "a function is needed whose arguments can be read (wrap it in a `def`)"
        raise ConfigError(message, path="data.name", value=name) from None
