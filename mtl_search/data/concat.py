"""Several data sets as one over the samples of all, with a note of where each is from.

N_i samples of part i, N of all
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.mixture import Proportional, Sampling, Sources
from mtl_search.data.types import MISSING, SPLITS, Array, InputArray, in_memory
from mtl_search.errors import DataError

Parts = Mapping[str, DataSet]


def concat(parts: Parts, sampling: Sampling | None = None, batches: int | None = None) -> DataSet:
    """The samples of all parts, one part after the other, from which training draws batch by batch.

    All parts have the same views. A target is missing on the samples of parts that do not have it, and one target where
    several do. A view has a mask where one part has it, and is True on the samples of the others.

    Args:
        parts: Source → its data set.
        sampling: Parts of the sources in the batches; default: in proportion to their sizes.
        batches: Of an epoch; default: ceil(n / batch size), n training samples in all.

    Raises:
        DataError: A source lacks a view of another's, or its view or target of one name has another shape, type, kind
            or classes.
    """
    sizes = [len(part) for part in parts.values()]
    starts = np.cumsum([0, *sizes[:-1]])
    views, targets, masked = (
        tuple(dict.fromkeys(name for part in parts.values() for name in getattr(part, field)))
        for field in ("inputs", "targets", "masks")
    )
    inputs = {view: stack(list(_inputs(parts, view))) for view in views}
    return DataSet(
        inputs=inputs,
        targets={name: _target(parts, name) for name in targets},
        splits={
            split: np.concatenate(
                [p.splits[split] + s for p, s in zip(parts.values(), starts, strict=True)]
            )
            for split in SPLITS
        },
        masks={
            view: np.concatenate([_mask(part, view) for part in parts.values()]) for view in masked
        },
        sources=Sources(
            tuple(parts),
            np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
            sampling or Proportional(),
            batches,
        ),
    )


def _inputs(parts: Parts, view: str) -> Iterator[InputArray]:
    """The view of each part, alike in shape and type."""
    owner = next(name for name, part in parts.items() if view in part.inputs)
    wanted = _looks(parts[owner].inputs[view])
    for name, part in parts.items():
        if view not in part.inputs:
            raise DataError(
                f"source {name!r} has no view {view!r}, which source {owner!r} has; all sources need the same views "
                f"(those of {name!r}: {', '.join(part.inputs)})"
            )
        x = part.inputs[view]
        if _looks(x) != wanted:
            raise DataError(
                f"view {view!r} is {_looks(x)} in source {name!r} and {wanted} in source {owner!r}"
            )
        yield x


def _looks(x: InputArray) -> str:
    """Shape and type of an input, as messages have them."""
    return f"{' × '.join(map(str, ('N', *x.shape[1:])))} {x.dtype}"


def _target(parts: Parts, name: str) -> Target:
    """The target over all samples, missing where a part does not have it."""
    owner = next(key for key, part in parts.items() if name in part.targets)
    first = parts[owner].targets[name]
    for key, part in parts.items():
        other = part.targets.get(name, first)
        if (other.kind, other.classes) != (first.kind, first.classes):
            raise DataError(
                f"target {name!r} is {_means(other)} in source {key!r} and {_means(first)} in source {owner!r}; two "
                "targets need two names, and one target the same classes in both"
            )
        if other.values.shape[1:] != first.values.shape[1:]:
            shapes = f"{other.values.shape[1:]} in source {key!r} and {first.values.shape[1:]} in source {owner!r}"
            raise DataError(f"the labels of a sample for target {name!r} have the shape {shapes}")
    return Target(
        np.concatenate([_labels(part, name, first) for part in parts.values()]),
        first.kind,
        first.classes,
    )


def _labels(part: DataSet, name: str, like: Target) -> Array:
    """(N_i, ...) labels of the part, or as many missing ones."""
    if name in part.targets:
        return part.targets[name].values
    missing = np.nan if like.kind == "real" else MISSING
    return np.full((len(part), *like.values.shape[1:]), missing, like.values.dtype)


def _means(target: Target) -> str:
    """Kind and classes of a target, as messages have them."""
    return f"{target.kind} ({', '.join(target.classes)})" if target.classes else target.kind


def _mask(part: DataSet, view: str) -> Array:
    """(N_i, T) mask of the part's view."""
    return (
        part.masks[view] if view in part.masks else np.ones(part.inputs[view].shape[:2], np.bool_)
    )


class ColumnConcat:
    """Arrays (N, ..., W_i) as one (N, ..., ΣW_i), put together batch by batch; as float32 if one of them is.

    Args:
        parts: At least one; they agree in all but the last dimension.
    """

    def __init__(self, *parts: InputArray) -> None:
        assert len({part.shape[:-1] for part in parts}) == 1
        self.parts = parts
        self.shape = (*parts[0].shape[:-1], sum(part.shape[-1] for part in parts))
        kinds = {np.dtype(part.dtype).kind for part in parts}
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if "f" in kinds else np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes once read."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> Array:
        """Samples by a slice or an integer array."""
        return np.concatenate([np.asarray(part[rows], self.dtype) for part in self.parts], axis=-1)


class RowConcat:
    """Arrays (N_i, ...) as one (ΣN_i, ...), read part by part: none of them is loaded for it.

    Args:
        parts: At least one; they agree in type and in all but the first dimension.
    """

    def __init__(self, *parts: InputArray) -> None:
        assert len({(part.shape[1:], np.dtype(part.dtype)) for part in parts}) == 1
        self.parts = parts
        self.dtype: np.dtype[Any] = np.dtype(parts[0].dtype)
        self._starts = np.cumsum([0, *(len(part) for part in parts)])
        self.shape = (len(self), *parts[0].shape[1:])

    @property
    def nbytes(self) -> int:
        """Bytes once read."""
        return sum(part.nbytes for part in self.parts)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: Any, /) -> Array:
        """Samples by a slice or an integer array."""
        numbers = (
            np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows)
        )
        home = np.searchsorted(self._starts, numbers, side="right") - 1
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        for k in np.unique(home):
            own = home == k
            found[own] = self.parts[k][numbers[own] - self._starts[k]]
        return found


def stack(parts: list[InputArray]) -> InputArray:
    """One array after the other: in memory where all of them are, else `Stacked`."""
    held = [part for part in parts if in_memory(part)]
    return np.concatenate(held) if len(held) == len(parts) else RowConcat(*parts)
