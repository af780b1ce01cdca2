"""Data sets by name: each builds a `DataSet` from files, packages or the user's own function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mtl_search.config.base import Component
from mtl_search.config.schema import Config
from mtl_search.data.dataset import DataSet
from mtl_search.data.datasets import (
    arrays,
    digit_pairs,
    image_folder,
    image_pairs,
    semeval,
    sources,
    table,
)
from mtl_search.errors import ConfigError, DataError, MtlSearchError
from mtl_search.registry import Registry

DATASETS: Registry[Callable[..., DataSet]] = Registry(
    "data set",
    {
        "arrays": arrays.arrays,
        "digit_pairs": digit_pairs.digit_pairs,
        "image_folder": image_folder.image_folder,
        "image_pairs": image_pairs.image_pairs,
        "semeval": semeval.semeval,
        "sources": sources.sources,
        "table": table.table,
    },
    given=("build_data",),
)


def load_data(config: Config) -> DataSet:
    """The data set of a sweep: `data`, with no more samples of a split than `training.max_samples_per_split`.

    Raises:
        ConfigError: No such data set or argument, or an argument has a wrong value.
        DataError: The data cannot be read, or user code failed or returned something else.
    """
    return subsample(build_data(config.data, config.seed), config)


def subsample(data: DataSet, config: Config) -> DataSet:
    """What a sweep uses of a data set."""
    most = config.training.max_samples_per_split
    return data if most is None else data.sampled(most, config.seed)


def build_data(member: Component, seed: int) -> DataSet:
    """The data set that the config's section `data` asks for.

    Args:
        member: Name and arguments. `"module:attribute"` is a function that returns a `DataSet`, or a `DataSet`.
        seed: Handed on to a data set that takes a `seed` which the config does not set.

    Raises:
        ConfigError: No such data set or argument, or an argument has a wrong value.
        DataError: The data cannot be read, or user code failed or returned something else.
    """
    builder = DATASETS.get_member(member.name, "data.name")
    if isinstance(builder, DataSet):
        if member.arguments:
            raise ConfigError(
                f"{member.name!r} is a data set and not a function, so it takes no arguments",
                path="data",
                value=member.arguments,
            )
        return builder
    _check_signature(builder, member.name)
    arguments = member.arguments
    if "seed" in DATASETS.arguments(member.name):
        arguments.setdefault("seed", seed)
    DATASETS.check_arguments(member.name, arguments, "data")
    if builder is sources.sources:
        arguments["build_data"] = build_data
    return (
        builder(**arguments)
        if member.name in DATASETS
        else _call_user(builder, member.name, arguments)
    )


def _check_signature(builder: object, name: str) -> None:
    if not callable(builder):
        raise ConfigError(
            f"this is a {type(builder).__name__}, neither a DataSet nor a function that returns one",
            path="data.name",
            value=name,
        )
    try:
        inspect.signature(builder)
    except (TypeError, ValueError):
        raise ConfigError(
            "a function is needed whose arguments can be read (wrap it in a `def`)",
            path="data.name",
            value=name,
        ) from None


def _call_user(builder: Callable[..., Any], name: str, arguments: dict[str, Any]) -> DataSet:
    try:
        data = builder(**arguments)
    except MtlSearchError:
        raise
    except Exception as error:  # user code may raise anything; the cause stays chained for `--debug` and for Python
        raise DataError(
            f"the data set {name!r} failed with {type(error).__name__}: {error}"
        ) from error
    if not isinstance(data, DataSet):
        raise DataError(
            f"the data set {name!r} returned a {type(data).__name__}; a mtl_search.data.DataSet is needed"
        )
    return data
