"""Which number stands for which class of a target, and how many training samples have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.types import REAL_KINDS, Array, TargetKind

_BINARY = ("0", "1")


@dataclass(frozen=True)
class ClassCounts:
    """The classes, labels or tags of one target.

    Attributes:
        kind: The kind of the target.
        names: Their names, in the order of their numbers.
        counts: How many training samples (of tags: tokens) have each.
    """

    kind: TargetKind
    names: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def positive(self) -> str:
        """The positive class of a binary target, which is its second; empty for other kinds."""
        return self.names[1] if self.kind == "binary" else ""


def class_counts(data: DataSet) -> dict[str, ClassCounts]:
    """Return the classes of every target that has some.

    Examples:
        >>> labels = np.array([0, 1, 1, 0, 1])
        >>> y = Target(labels, "binary", ("well", "ill"))
        >>> splits = {"train": [0, 1, 2], "validation": [3], "test": [4]}
        >>> counts = class_counts(DataSet({"x": np.zeros((5, 2))}, {"y": y}, splits))
        >>> counts["y"].names, counts["y"].counts, counts["y"].positive
        (('well', 'ill'), (1, 2), 'ill')
    """
    train = data.splits["train"]
    return {
        name: ClassCounts(target.kind, names, tuple(_counts(target, train, len(names))))
        for name, target in data.targets.items()
        if target.kind not in REAL_KINDS and (names := class_names(target))
    }


def class_names(target: Target) -> tuple[str, ...]:
    """Return the names of a target's classes; 0 and 1 of a binary one that has none."""
    return target.classes or (_BINARY if target.kind == "binary" else ())


def as_tree(counts: Mapping[str, ClassCounts], most: int = 100) -> dict[str, list[list[object]]]:
    """Return target → name and count of its first classes, as plain JSON types."""
    return {
        target: [[*pair] for pair in zip(x.names[:most], x.counts[:most], strict=True)]
        for target, x in counts.items()
    }


def _counts(target: Target, rows: Array, size: int) -> list[int]:
    values = target.values[rows]
    if target.kind == "multilabel":
        return [int(count) for count in (values == 1).sum(axis=0)]
    labels = values[values >= 0]
    return [int(count) for count in np.bincount(labels.reshape(-1), minlength=size)[:size]]
