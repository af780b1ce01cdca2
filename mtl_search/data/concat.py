"""Several data sets as one over the samples of all, with a note of where each sample is from.

N_i samples of data set i, N of all
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.mixture import Proportional, Sampling, Sources
from mtl_search.data.preparation.sources import SourcesPreparation
from mtl_search.data.spec import preparation_of
from mtl_search.data.types import (
    MISSING,
    REAL_KINDS,
    SPLITS,
    Array,
    InputArray,
    in_memory,
)
from mtl_search.errors import DataError


def concat(
    data_sets: Mapping[str, DataSet], sampling: Sampling | None = None, batches: int | None = None
) -> DataSet:
    """Combine data sets: the samples of one after those of the other.

    Training draws each batch from one of them. All have the same views. A target is missing on the
    samples of data sets that do not have it, and is one target where several do. A view has a mask
    where one data set has it, which is True on the samples of the others.

    Args:
        data_sets: Source → its data set.
        sampling: The policy that sets the sources' fractions of the batches; default: in proportion
            to their sizes.
        batches: The number of batches of an epoch; default: ceil(n / batch size), n training
            samples in all.

    Raises:
        DataError: A source lacks a view of another's, or its view or target of one name has another
            shape, type, kind or classes.

    Examples:
        >>> splits = {"train": [0, 1], "validation": [2], "test": [3]}
        >>> x = np.zeros((4, 2))
        >>> a = DataSet({"x": x}, {"length": Target(np.arange(4), "real")}, splits)
        >>> b = DataSet({"x": x}, {"width": Target(np.arange(4), "real")}, splits)
        >>> both = concat({"a": a, "b": b})
        >>> len(both), sorted(both.targets), both.splits["train"]
        (8, ['length', 'width'], array([0, 1, 4, 5]))
    """
    parts = list(data_sets.values())
    sizes = list(map(len, parts))
    starts = np.cumsum([0, *sizes[:-1]])
    splits = {}
    for split in SPLITS:
        shifted = [part.splits[split] + start for part, start in zip(parts, starts, strict=True)]
        splits[split] = np.concatenate(shifted)
    source_numbers = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    return DataSet(
        inputs={view: stack(list(_views(data_sets, view))) for view in _names(parts, "inputs")},
        targets={name: _target(data_sets, name) for name in _names(parts, "targets")},
        splits=splits,
        masks={
            view: np.concatenate([_mask(part, view) for part in parts])
            for view in _names(parts, "masks")
        },
        sources=Sources(tuple(data_sets), source_numbers, sampling or Proportional(), batches),
        preparation=SourcesPreparation({name: preparation_of(d) for name, d in data_sets.items()}),
    )


def _names(parts: list[DataSet], attribute: str) -> list[str]:
    """Return the names of an attribute of all data sets, each once, in their first order."""
    return list(dict.fromkeys(name for part in parts for name in getattr(part, attribute)))


def _views(data_sets: Mapping[str, DataSet], view: str) -> Iterator[InputArray]:
    """Yield the view of each data set, all of one shape and type."""
    owner = next(name for name, part in data_sets.items() if view in part.inputs)
    expected = _shape_and_type(data_sets[owner].inputs[view])
    for name, part in data_sets.items():
        if view not in part.inputs:
            raise DataError(
                f"source {name!r} has no view {view!r}, which source {owner!r} has; all sources "
                f"need the same views (those of {name!r}: {', '.join(part.inputs)})"
            )
        given = _shape_and_type(part.inputs[view])
        if given != expected:
            raise DataError(
                f"view {view!r} is {given} in source {name!r} and {expected} in source {owner!r}"
            )
        yield part.inputs[view]


def _shape_and_type(x: InputArray) -> str:
    """Return the shape and type of an input as text, for messages too."""
    return f"{' × '.join(map(str, ('N', *x.shape[1:])))} {x.dtype}"


def _target(data_sets: Mapping[str, DataSet], name: str) -> Target:
    """Return the target over all samples, missing where a data set does not have it."""
    owner = next(key for key, part in data_sets.items() if name in part.targets)
    first = data_sets[owner].targets[name]
    labels = []
    for key, part in data_sets.items():
        other = part.targets.get(name)
        if other is None:
            labels.append(_missing_labels(len(part), first))
            continue
        if (other.kind, other.classes) != (first.kind, first.classes):
            raise DataError(
                f"target {name!r} is {_kind_and_classes(other)} in source {key!r} and "
                f"{_kind_and_classes(first)} in source {owner!r}; two targets need two names, and "
                "one target the same classes in both"
            )
        shape = other.values.shape[1:]
        if shape != first.values.shape[1:]:
            raise DataError(
                f"the labels of a sample for target {name!r} have the shape {shape} in source "
                f"{key!r} and {first.values.shape[1:]} in source {owner!r}"
            )
        labels.append(other.values)
    return Target(np.concatenate(labels), first.kind, first.classes)


def _missing_labels(samples: int, like: Target) -> Array:
    """Return missing labels of the shape and type of another target's."""
    missing = np.nan if like.kind in REAL_KINDS else MISSING
    return np.full((samples, *like.values.shape[1:]), missing, like.values.dtype)


def _kind_and_classes(target: Target) -> str:
    """Return the kind and the classes of a target, for messages."""
    return f"{target.kind} ({', '.join(target.classes)})" if target.classes else target.kind


def _mask(part: DataSet, view: str) -> Array:
    """Return the mask (N_i, T) of the data set's view."""
    if view in part.masks:
        return part.masks[view]
    return np.ones(part.inputs[view].shape[:2], np.bool_)


class ColumnConcat:
    """Arrays (N, ..., W_i) as one (N, ..., ΣW_i), concatenated batch by batch.

    It is float32 if one of them is, and int64 otherwise.

    Args:
        arrays: At least one; they agree in all but the last dimension.
    """

    def __init__(self, *arrays: InputArray) -> None:
        assert len({x.shape[:-1] for x in arrays}) == 1
        self.arrays = arrays
        self.shape = (*arrays[0].shape[:-1], sum(x.shape[-1] for x in arrays))
        has_fractions = any(np.dtype(x.dtype).kind == "f" for x in arrays)
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if has_fractions else np.int64)

    @property
    def nbytes(self) -> int:
        """The bytes of all samples once they are read."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> Array:
        """Read samples, by a slice or an integer array."""
        return np.concatenate([np.asarray(x[rows], self.dtype) for x in self.arrays], axis=-1)


class RowConcat:
    """Arrays (N_i, ...) as one (ΣN_i, ...); none of them is loaded for it.

    Args:
        arrays: At least one; they agree in type and in all but the first dimension.
    """

    def __init__(self, *arrays: InputArray) -> None:
        assert len({(x.shape[1:], np.dtype(x.dtype)) for x in arrays}) == 1
        self.arrays = arrays
        self.dtype: np.dtype[Any] = np.dtype(arrays[0].dtype)
        self._starts = np.cumsum([0, *map(len, arrays)])
        self.shape = (len(self), *arrays[0].shape[1:])

    @property
    def nbytes(self) -> int:
        """The bytes of all samples once they are read."""
        return sum(x.nbytes for x in self.arrays)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: Any, /) -> Array:
        """Read samples, by a slice or an integer array."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        numbers = np.asarray(rows)
        array_of = np.searchsorted(self._starts, numbers, side="right") - 1
        samples = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        for number in np.unique(array_of):
            is_here = array_of == number
            rows_here = numbers[is_here] - self._starts[number]
            samples[is_here] = self.arrays[number][rows_here]
        return samples


def stack(arrays: list[InputArray]) -> InputArray:
    """Return one array after the other: in memory where all of them are, else a `RowConcat`."""
    loaded = [x for x in arrays if in_memory(x)]
    return np.concatenate(loaded) if len(loaded) == len(arrays) else RowConcat(*arrays)
