"""Further random partitions of a data set into train, validation and test.

A data set whose split is made by seed is built again with another seed, so that its own rules hold:
strata, groups, and whatever is fitted on training rows. (Where the seed also chooses samples, as
with a `limit`, others are chosen.) The rows of any other data set are pooled
and dealt to splits of the same sizes. That is refused where something is fitted on official
training rows, since test rows would then have been seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mtl_search.config.base import Component
from mtl_search.config.checks import check_component, check_mapping
from mtl_search.config.schema import Config
from mtl_search.data.dataset import DataSet
from mtl_search.data.datasets import DATASETS
from mtl_search.data.datasets.build import build_data, subsample
from mtl_search.data.datasets.split_options import OfficialSplit
from mtl_search.data.types import REAL_KINDS, SPLITS, Array
from mtl_search.errors import ConfigError

_KEY = "search.finalists.splits"


class Partitions:
    """Make the random partitions of a sweep's data set; the last one is kept.

    Args:
        data: The data set with the sweep's own split.
        handed_over: Whether the data set is an object of the user's, which the config does not
            describe.

    Examples:
        >>> import mtl_search
        >>> from mtl_search.data import load_data
        >>> config = mtl_search.load_config("configs/penguins.yaml")
        >>> partitions = Partitions(load_data(config))
        >>> first = partitions.of(config, 1)
        >>> len(first.splits["train"]) == len(partitions.of(config, 0).splits["train"])
        True
    """

    def __init__(self, data: DataSet, *, handed_over: bool = False) -> None:
        self._data = data
        self._handed_over = handed_over
        self._number = 0
        self._latest: DataSet | None = None

    def of(self, config: Config, number: int) -> DataSet:
        """Return the data set with one of its partitions.

        Args:
            config: The sweep's config, or that of one of its trials.
            number: The number of the partition, from 1; 0 is the sweep's own split.

        Raises:
            ConfigError: An argument of the data set is wrong.
            DataError: The data cannot be read.
        """
        if number == 0:
            return self._data
        if self._latest is None or number != self._number:
            self._latest = None  # freed while the next is built
            self._latest = self._build(config, number)
            self._number = number
        return self._latest

    def _build(self, config: Config, number: int) -> DataSet:
        if self._handed_over or not _is_split_by_seed(config.data):
            return with_other_rows(self._data, partition_seed(config.seed, number))
        return subsample(_build_partition(config.data, config.seed, number=number), config)


def check_partitions(config: Config, data: DataSet, *, handed_over: bool = False) -> None:
    """Refuse further random partitions where the data set does not allow them.

    Nothing is checked where `search.finalists.splits` asks for none.

    Args:
        config: The sweep's config.
        data: Its data set, with the sweep's own split.
        handed_over: Whether the data set is an object of the user's, which the config does not
            describe.

    Raises:
        ConfigError: The data set cannot be partitioned anew; the message says why.
        DataError: The data cannot be read.
    """
    splits = config.search.finalists.splits
    if handed_over or not (splits and config.search.finalists.top):
        return
    _check_official_split(config.data, "data", splits)
    if _is_split_by_seed(config.data) and _is_same_split(data, Partitions(data).of(config, 1)):
        problem = f"another seed of the data set {config.data.name!r} gives the same split"
        raise ConfigError(problem, path=_KEY, value=splits)


def partition_seed(seed: int, number: int) -> int:
    """Return the seed of a random partition.

    Args:
        seed: The sweep's seed.
        number: The number of the partition, from 1.
    """
    # Half of 32 bits: some libraries take no seed above that.
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0]) // 2


def with_other_rows(data: DataSet, seed: int) -> DataSet:
    """Deal the rows of all splits at random to splits of the same sizes.

    Rows that are in no split stay out. Where there are sources, each keeps its part of every split.

    Args:
        data: The data set.
        seed: The seed.
    """
    rng = np.random.default_rng(seed)
    source_of_row = np.zeros(len(data), np.int64) if data.sources is None else data.sources.numbers
    parts: dict[str, list[Array]] = {split: [] for split in SPLITS}
    for source in np.unique(source_of_row):
        own = []
        for split in SPLITS:
            rows = data.splits[split]
            own.append(rows[source_of_row[rows] == source])
        ends = np.cumsum(list(map(len, own)))[:-1]
        dealt = np.split(rng.permutation(np.concatenate(own)), ends)
        for split, rows in zip(SPLITS, dealt, strict=True):
            parts[split].append(rows)
    return replace(data, splits={s: np.sort(np.concatenate(rows)) for s, rows in parts.items()})


def _build_partition(member: Component, seed: int, *, number: int) -> DataSet:
    """Build a data set, or each source of one, with another split."""
    other_seed = partition_seed(seed, number)
    if member.name == "sources":
        return build_data(member, seed, build_source=partial(_build_partition, number=number))
    if not _is_split_by_seed(member):
        return with_other_rows(build_data(member, seed), other_seed)
    arguments = {**member.arguments, "seed": other_seed}
    return build_data(Component(name=member.name, **arguments), seed)


def _is_split_by_seed(member: Component) -> bool:
    """Return whether another seed splits the data set in another way; of sources, any of them."""
    if member.name == "sources":
        return any(map(_is_split_by_seed, _sources(member, "data").values()))
    if isinstance(DATASETS.get_member(member.name), DataSet):
        return False
    return _official_split(member) is None and "seed" in DATASETS.arguments(member.name, "data")


def _official_split(member: Component) -> OfficialSplit | None:
    official_split = getattr(DATASETS.get_member(member.name), "official_split", None)
    return official_split(member.arguments) if official_split is not None else None


def _sources(member: Component, path: str) -> dict[str, Component]:
    """Return the sources of a data set; empty for a single one."""
    if member.name != "sources":
        return {}
    sources: Mapping[str, Any] = check_mapping(member.arguments["sources"], f"{path}.sources")
    return {
        name: check_component(source, f"{path}.sources.{name}") for name, source in sources.items()
    }


def _check_official_split(member: Component, path: str, splits: int) -> None:
    """Refuse an official split on whose training rows something depends."""
    for name, source in _sources(member, path).items():
        _check_official_split(source, f"{path}.sources.{name}", splits)
    official = _official_split(member)
    if official is not None and official.why_fixed:
        problem = f"`{path}.{official.argument}` says the split, and its rows cannot be dealt anew"
        raise ConfigError(f"{problem}: {official.why_fixed}", path=_KEY, value=splits)


def _is_same_split(data: DataSet, other: DataSet) -> bool:
    """Return whether both have the same training rows, with the same labels."""
    rows, other_rows = data.splits["train"], other.splits["train"]
    if not np.array_equal(rows, other_rows) or data.targets.keys() != other.targets.keys():
        return False
    return all(
        np.array_equal(
            target.values[rows],
            other.targets[name].values[rows],
            equal_nan=target.kind in REAL_KINDS,
        )
        for name, target in data.targets.items()
    )
