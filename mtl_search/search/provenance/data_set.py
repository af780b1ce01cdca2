"""The data set of a session, and whether it is still that of the sessions before."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtl_search.config.schema import HANDED_OVER
from mtl_search.data import SPLITS, DataSet
from mtl_search.data.class_counts import as_tree, class_counts
from mtl_search.data.digest import data_digest
from mtl_search.errors import RequestError
from mtl_search.storage.binding.going_on import how_to_go_on
from mtl_search.storage.events import DataDescribed
from mtl_search.storage.records import SweepRecord

logger = logging.getLogger(__name__)


def describe_data(data: DataSet, name: str, *, handed_over: bool = False) -> DataDescribed:
    """Return name, digest, splits, targets and classes of a data set.

    Args:
        data: The data set.
        name: Its name in the config.
        handed_over: Whether it is an object of the user's, which the config does not describe.

    Examples:
        >>> import numpy as np
        >>> from mtl_search.data import Target
        >>> splits = {"train": [0, 1], "validation": [2], "test": [3]}
        >>> y = Target(np.array([0, 1, 1, 0]), "binary")
        >>> event = describe_data(DataSet({"x": np.zeros((4, 2))}, {"y": y}, splits), "arrays")
        >>> event.splits, event.targets, event.classes
        ({'train': 2, 'validation': 1, 'test': 1}, {'y': 'binary'}, {'y': [['0', 1], ['1', 1]]})
    """
    return DataDescribed(
        name=HANDED_OVER if handed_over else name,
        digest=data_digest(data),
        splits={split: len(data.splits[split]) for split in SPLITS},
        targets={target: values.kind for target, values in data.targets.items()},
        classes=as_tree(class_counts(data)),
    )


def check_same_data(record: SweepRecord, now: DataDescribed, folder: Path) -> None:
    """Check that a sweep goes on with the data that it began with.

    Args:
        record: The sweep.
        now: The data set of this session.
        folder: The sweep's folder.

    Raises:
        RequestError: The data are other ones.

    Examples:
        >>> before = {"name": "table", "digest": "a1", "splits": {}, "targets": {}}
        >>> record = SweepRecord(id="ab12", data_sets={1: before})
        >>> now = DataDescribed(name="table", digest="b2", splits={}, targets={})
        >>> check_same_data(record, now, Path("runs/toy"))
        Traceback (most recent call last):
            ...
        mtl_search.errors.RequestError: the data are not those that runs/toy began with: ...
    """
    before = record.data
    if not before:
        if record.id:
            logger.warning(
                "the journal of %s has no digest of its data, as in earlier versions: whether "
                "these are the same data is not checked",
                folder,
            )
        return
    if before["digest"] == now.digest:
        return
    if before["name"] == HANDED_OVER != now.name:
        raise RequestError(
            f"the data of the sweep in {folder} were given in Python, and those that the config "
            f"names are other ones: go on with {how_to_go_on(record, folder)}"
        )
    raise RequestError(
        f"the data are not those that {folder} began with: {_what_differs(before, now)}. New "
        "trials could not be compared with earlier ones: give the earlier data back, or start a "
        "new sweep in another folder"
    )


def _what_differs(before: Mapping[str, Any], now: DataDescribed) -> str:
    """Return the first of what differs, in words: the name, sizes, targets, or the content."""
    if before["name"] != now.name:
        return f"the data set was {before['name']!r} and is {now.name!r}"
    tables: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("split", now.splits),
        ("target", now.targets),
    )
    for what, new in tables:
        old = before[f"{what}s"]
        for key in {**old, **new}:
            if old.get(key) != new.get(key):
                return (
                    f"the {what} {key!r} was {_short(old.get(key))} and is {_short(new.get(key))}"
                )
    return f"values differ (their digest was {before['digest']} and is {now.digest})"


def _short(value: object) -> str:
    return "not there" if value is None else repr(value)
