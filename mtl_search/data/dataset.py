"""Data sets: named inputs (views), named targets with missing labels, and a three-way split.

Shapes and encodings, used in all of the package:

    N samples; a view is (N, ...) float32 or int64; a token view is (N, T, ...) with a mask (N, T)
    target kinds   class       (N,) int64, -1 where missing
                   binary      (N,) int64 in {0, 1}, -1 where missing
                   multilabel  (N, L) int64 in {0, 1}, -1 where missing
                   real        (N,) float32, NaN where missing
                   vector      (N, L) float32 of one unit, NaN where missing
                   tags        (N, T) int64, -1 where missing or padded
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from mtl_search.data.dataset_checks import check_masks, checked_input, checked_splits
from mtl_search.data.from_python import FromPython
from mtl_search.data.preparation.base import Preparation
from mtl_search.data.preparation.stored import stored_name
from mtl_search.data.types import MISSING, REAL_KINDS, Array, InputArray, TargetKind
from mtl_search.errors import DataError

if TYPE_CHECKING:
    from mtl_search.data.mixture import Sources

_DIMENSIONS = dict.fromkeys(get_args(TargetKind), 1) | {"multilabel": 2, "vector": 2, "tags": 2}


@dataclass(frozen=True)
class Target:
    """One target: its values (missing ones marked), its kind, and the names of its classes.

    Attributes:
        values: The labels, encoded as the module's legend says; other integers and fractions are
            converted.
        kind: What the values mean.
        classes: The names of the classes, labels, tags or elements of a vector, in the order of
            their numbers; empty for `real`.

    Raises:
        DataError: The kind is unknown, or the values have the wrong type or number of dimensions.

    Examples:
        >>> target = Target(np.array([0, 1, -1]), "class", ("cat", "dog"))
        >>> target.size, target.labelled.tolist()
        (2, [True, True, False])
    """

    values: Array
    kind: TargetKind
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in _DIMENSIONS:
            raise DataError(
                f"there is no kind of target {self.kind!r}; allowed: {', '.join(_DIMENSIONS)}"
            )
        values = np.asarray(self.values)
        if values.ndim != _DIMENSIONS[self.kind]:
            raise DataError(
                f"a {self.kind} target has {_DIMENSIONS[self.kind]} dimension(s); "
                f"given: {values.shape}"
            )
        is_real = self.kind in REAL_KINDS
        if values.dtype.kind not in ("fiu" if is_real else "iu"):
            needed = "numbers" if is_real else "integers, -1 where missing"
            raise DataError(f"a {self.kind} target holds {needed}; given: {values.dtype}")
        dtype = np.float32 if is_real else np.int64
        # A number too large for float32 becomes infinite, which the data set refuses.
        with np.errstate(over="ignore"):
            # No copy where the type is right: arrays in Ray's object store are shared by processes.
            object.__setattr__(self, "values", values.astype(dtype, copy=False))
        object.__setattr__(self, "classes", tuple(self.classes))

    @property
    def labelled(self) -> Array:
        """Where there is a label; same shape as `values`."""
        if self.kind in REAL_KINDS:
            return ~np.isnan(self.values)
        return np.asarray(self.values != MISSING)

    @property
    def size(self) -> int:
        """Outputs that a head needs: one a class, label, tag or element; 1 for real and binary."""
        return 1 if self.kind in ("real", "binary") else len(self.classes)

    def check(self, name: str) -> None:
        """Refuse labels that the kind and the classes do not allow.

        Args:
            name: The name of the target, for messages.

        Raises:
            DataError: A label is out of range or infinite, or the classes do not fit the values.
        """
        if self.kind in ("multilabel", "vector") and self.values.shape[1] != len(self.classes):
            raise DataError(
                f"target {name!r} has {self.values.shape[1]} labels and {len(self.classes)} names "
                "for them"
            )
        if self.kind in REAL_KINDS:
            if np.isinf(self.values).any():
                raise DataError(f"target {name!r} has infinite values")
            return
        if self.values.size == 0:
            raise DataError(f"target {name!r} is empty: {self.values.shape}")
        classes = 2 if self.kind in ("binary", "multilabel") else len(self.classes)
        lowest = int(self.values.min())
        highest = int(self.values.max())
        if lowest < MISSING or highest >= classes:
            raise DataError(
                f"target {name!r} ({self.kind}) has labels from {lowest} to {highest}; "
                f"allowed: -1 (missing) to {classes - 1}"
            )


@dataclass(frozen=True)
class DataSet(FromPython):
    """Named views and targets over the same N samples, split three ways.

    Attributes:
        inputs: View name → array (N, ...), without NaN. Anything that numpy can index by an integer
            array will do, such as a memory map; what is not an in-memory array is streamed batch by
            batch.
        targets: Target name → `Target`.
        splits: `train`, `validation` and `test` → sample numbers, disjoint.
        masks: View name → (N, T) bool, True at real tokens; only for token views of unequal length.
        sources: Which source each sample is from, where training draws its batches from several;
            see `mixture`.
        preparation: What turned raw rows into the inputs, so that trained networks predict from raw
            rows; None: the inputs are raw already.

    Raises:
        DataError: Lengths differ, a split is missing, empty or overlaps another, a label is out of
            range, or an input is not a number.

    Examples:
        >>> data = DataSet(
        ...     inputs={"x": np.zeros((5, 3))},
        ...     targets={"y": Target(np.array([0.5, 1.0, np.nan, 2.0, 0.0]), "real")},
        ...     splits={"train": [0, 1, 2], "validation": [3], "test": [4]},
        ... )
        >>> len(data), data.inputs["x"].dtype, data.targets["y"].labelled.tolist()
        (5, dtype('float32'), [True, True, False, True, True])
    """

    inputs: Mapping[str, InputArray]
    targets: Mapping[str, Target]
    splits: Mapping[str, Array]
    masks: Mapping[str, Array] = field(default_factory=dict)
    sources: Sources | None = None
    preparation: Preparation | None = None

    def __post_init__(self) -> None:
        if not self.inputs or not self.targets:
            raise DataError("a data set needs at least one input and one target")
        inputs = {name: checked_input(name, x) for name, x in self.inputs.items()}
        object.__setattr__(self, "inputs", inputs)
        for name, target in self.targets.items():
            if not isinstance(target, Target):
                raise DataError(
                    f"target {name!r} is a {type(target).__name__}; a mtl_search.data.Target is "
                    "needed"
                )
        check_masks(self.masks, self.inputs)
        samples = common_length(self.inputs, self.targets)
        object.__setattr__(self, "splits", checked_splits(self.splits, samples))
        for name, target in self.targets.items():
            target.check(name)
        if self.sources is not None:
            self.sources.check(samples, self.splits["train"])
        if self.preparation is not None and not isinstance(self.preparation, Preparation):
            raise DataError(
                f"`preparation` is a {type(self.preparation).__name__}; an instance of a subclass "
                "of mtl_search.data.Preparation is needed"
            )
        if self.preparation is not None:
            stored_name(type(self.preparation))

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def sampled(self, samples: int, seed: int) -> DataSet:
        """Return the data with smaller splits, for a first try.

        Each split keeps a sample of every source and a label of every target, of binary ones both
        outcomes, where it has them. For these it may be a little larger.

        Args:
            samples: The most samples of a split otherwise.
            seed: The seed of the choice.
        """
        rng = np.random.default_rng(seed)
        groups = list(self._groups_to_keep())
        splits = {
            name: _sampled(rng.permutation(rows), samples, groups)
            for name, rows in self.splits.items()
        }
        return replace(self, splits=splits)

    def _groups_to_keep(self) -> Iterator[Array]:
        """Yield groups of samples, (N,) bool, of which each split keeps one sample."""
        if self.sources is not None:
            for number in range(len(self.sources.names)):
                yield np.asarray(self.sources.numbers == number)
        for target in self.targets.values():
            if target.kind not in ("binary", "multilabel"):
                yield np.asarray(target.labelled.reshape(len(self), -1).any(1))
                continue
            for column in target.values.reshape(len(self), -1).T:
                yield np.asarray(column == 0)
                yield np.asarray(column == 1)

    @property
    def nbytes(self) -> int:
        """The memory that inputs and targets take, or would take once they are read."""
        arrays = [*self.inputs.values(), *self.masks.values()]
        arrays += [target.values for target in self.targets.values()]
        return sum(int(x.nbytes) for x in arrays)


def _sampled(shuffled: Array, samples: int, groups: Sequence[Array]) -> Array:
    """Return some of a split's rows, sorted.

    Args:
        shuffled: The rows in random order.
        samples: The number of rows to keep.
        groups: Groups of samples, (N,) bool; the first row of each that has one is kept in any
            case.
    """
    required = []
    for group in groups:
        is_member = group[shuffled]
        if is_member.any():
            required.append(int(is_member.argmax()))
    positions = np.unique(np.array(required, np.int64))
    others = np.setdiff1d(np.arange(len(shuffled)), positions)
    others = others[: max(0, samples - len(positions))]
    return np.sort(shuffled[np.concatenate([positions, others])])


def common_length(inputs: Mapping[str, InputArray], targets: Mapping[str, Target]) -> int:
    """Return the number of samples.

    Raises:
        DataError: Inputs and targets differ in it.
    """
    lengths = {name: len(x) for name, x in inputs.items()}
    lengths |= {f"target {name}": len(target.values) for name, target in targets.items()}
    if len(set(lengths.values())) != 1:
        raise DataError(f"inputs and targets differ in length: {lengths}")
    return next(iter(lengths.values()))
