"""The data set of a session, and whether it is still that of the sessions before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.config.schema import HANDED_OVER
from mtl_search.data import SPLITS, DataSet
from mtl_search.data.class_counts import as_tree, class_counts
from mtl_search.data.digest import data_digest
from mtl_search.storage.events import DataDescribed


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


def data_difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return in a sentence what has become of the data since the last session; empty: nothing.

    Args:
        before: The data set as the record has it; empty where it is not known.
        now: The data set of this session.

    Examples:
        >>> before = {"name": "table", "digest": "a1"}
        >>> data_difference(before, {"name": "table", "digest": "b2"})
        "the data are not those of the last session: 'table' had the digest a1 and has b2 now, so \
that new trials cannot be compared with earlier ones; give the earlier data back, or start a new \
sweep"
    """
    if not before or before["digest"] == now["digest"]:
        return ""
    return (
        f"the data are not those of the last session: {before['name']!r} had the digest "
        f"{before['digest']} and has {now['digest']} now, so that new trials cannot be compared "
        "with earlier ones; give the earlier data back, or start a new sweep"
    )
