"""Arrays in an npz file, or in a folder of npy files that are streamed from disk."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.config.checks import (
    check_choice,
    check_mapping,
    check_names,
    check_number,
    check_text,
)
from mtl_search.data.dataset import DataSet, Target, common_length
from mtl_search.data.datasets.split_options import OfficialSplit, SplitOptions
from mtl_search.data.datasets.target_spec import target_specs, with_all_targets
from mtl_search.data.preparation.arrays import ArraysPreparation, ArrayView
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.readers.cells import as_column, category_numbers, missing_cells
from mtl_search.data.readers.foreign import unreadable_arrays
from mtl_search.data.readers.memmap import MemmapArray, divide
from mtl_search.data.readers.paths import find_file
from mtl_search.data.splits import DEFAULT_FRACTIONS
from mtl_search.data.types import SPLITS, Array, InputArray, TargetKind, network_dtype
from mtl_search.errors import DataError

_KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real", "vector", "tags")


def arrays(
    path: str,
    inputs: Sequence[str] | Mapping[str, str],
    targets: Mapping[str, Any],
    *,
    masks: Mapping[str, str] | None = None,
    scale: Mapping[str, float] | None = None,
    splits: Mapping[str, str] | None = None,
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    stratify: str | None = None,
    group: str | None = None,
    seed: int = 0,
) -> DataSet:
    """Read any views and targets that are arrays over the same N samples.

    Fractions, bytes (uint8) and bools reach the network as float32, all other integers as int64
    (tokens). The inputs of an npz file are loaded; those of a folder stay on disk and are read
    batch by batch.

    Args:
        path: An `.npz` file, or a folder in which every array is a file `<key>.npy`;
            `package:NAME/path` is inside an installed package.
        inputs: The keys of the inputs, which are also the names of the views; or view name → key.
        targets: Target name → kind (class, binary, multilabel, real, vector or tags), or
            `{kind: ..., key: ...}`. An array of more dimensions, such as pictures, is a vector,
            too: its samples are flattened. `missing: [-1]` says which labels are missing; by
            default -1 and texts such as NA, of tags -100, too. Tags at padding are missing,
            whatever stands there. `positive: ill` of a binary target says which label is 1.
        masks: View name → key of its (N, T) mask, nonzero at real tokens.
        scale: View name → number by which its values are divided, such as 255 for bytes.
        splits: `{train: key, validation: key, test: key}`, arrays of sample numbers or (N,) bools,
            instead of a split by seed.
        fractions: The fractions of train, validation and test, for a split by seed.
        stratify: A class or binary target whose classes are spread evenly over the splits.
        group: The key of an (N,) array; samples of equal value stay together in one split.
        seed: The seed of the split.

    Raises:
        ConfigError: An argument is wrong, or names a key that does not exist.
        DataError: The file cannot be read, or its content does not fit.
    """
    specs = target_specs(targets, _KINDS, "key")
    views = _check_views(inputs)
    divisors = _check_divisors(scale, views)
    options = SplitOptions.of(
        fractions=fractions,
        seed=seed,
        stratify=stratify,
        group=group,
        given="" if splits is None else "`splits` names arrays",
    )
    with _open(path) as store:
        specs = with_all_targets(specs, store.keys(), {*views.values(), group})
        samples = {
            view: store.input("inputs", key, divisors.get(view, 1.0)) for view, key in views.items()
        }
        mask_keys = {} if masks is None else check_mapping(masks, "data.masks")
        loaded = _load_masks(store, mask_keys, views)
        encoded = {}
        for name, spec in specs.items():
            labels = store.load(f"targets.{name}", spec.sources[0])
            if spec.kind == "tags":
                labels = _without_padding(labels, loaded)
            encoded[name] = encode_target(name, labels, spec.kind, spec.missing, spec.positive)
        n = common_length(samples, encoded)
        if splits is None:
            rows = _random_splits(store, n, encoded, options)
        else:
            rows = _given_splits(store, n, splits)
        array_views = {}
        for view, key in views.items():
            array_views[view] = ArrayView(
                tuple(samples[view].shape[1:]),
                store.raw_dtypes[key],
                divisors.get(view, 1.0),
                view in loaded,
                key,
                str(mask_keys.get(view, "")),
            )
        preparation = ArraysPreparation(array_views)
        return DataSet(samples, encoded, rows, masks=loaded, preparation=preparation)


def _official_split(arguments: Mapping[str, Any]) -> OfficialSplit | None:
    return OfficialSplit("splits") if arguments.get("splits") is not None else None


arrays.official_split = _official_split  # type: ignore[attr-defined]


def read_arrays(path: object, keys: Mapping[str, str]) -> tuple[Array, ...]:
    """Read some arrays of an npz file or of a folder of npy files into memory.

    Args:
        path: The file or folder, as for `arrays`.
        keys: Argument that names the array, for messages → its key.

    Raises:
        ConfigError: There is no such file or key.
        DataError: An array cannot be read.
    """
    with _open(path) as store:
        return tuple(store.load(name, key) for name, key in keys.items())


class _Store(ABC):
    """Arrays by key; `raw_dtypes` has the types of those that were asked for as inputs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw_dtypes: dict[str, str] = {}

    @abstractmethod
    def keys(self) -> Iterable[str]:
        """Return the keys of all arrays."""

    @abstractmethod
    def input(self, name: str, key: str, divisor: float) -> InputArray:
        """Return the array called `key`, which the argument `name` asks for, as an input."""

    @abstractmethod
    def _read(self, key: str) -> Array:
        """Read the array into memory."""

    def load(self, name: str, key: str) -> Array:
        """Read the array called `key`, which the argument `name` asks for, into memory."""
        check_choice(key, f"data.{name}", self.keys(), f"array (in {self.path.name})")
        try:
            array = np.asarray(self._read(key))
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise unreadable_arrays(self.path, key, error) from None
        if array.ndim == 0:
            raise DataError(f"{key!r} in {self.path} is a single value; an array is needed")
        return array


class _Npz(_Store):
    """The arrays of an npz file; inputs are loaded."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self.file = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise unreadable_arrays(path, "", error) from None
        if not isinstance(self.file, np.lib.npyio.NpzFile):
            raise DataError(
                f"{path} holds a single array; an npz file (numpy.savez) or a folder is needed"
            )

    def keys(self) -> Iterable[str]:
        return list(self.file.files)

    def input(self, name: str, key: str, divisor: float) -> InputArray:
        array = self.load(name, key)
        self.raw_dtypes[key] = array.dtype.name
        return divide(array.astype(network_dtype(array.dtype, key), copy=False), divisor)

    def _read(self, key: str) -> Array:
        return np.asarray(self.file[key])


class _Folder(_Store):
    """The arrays of a folder; inputs stay on disk."""

    def keys(self) -> Iterable[str]:
        return sorted(file.stem for file in self.path.glob("*.npy"))

    def input(self, name: str, key: str, divisor: float) -> InputArray:
        check_choice(key, f"data.{name}", self.keys(), f"array (in {self.path.name})")
        array = MemmapArray((self.path / f"{key}.npy").resolve(), divisor)
        self.raw_dtypes[key] = array.raw_dtype.name
        return array

    def _read(self, key: str) -> Array:
        return np.asarray(np.load(self.path / f"{key}.npy", allow_pickle=False))


@contextmanager
def _open(path: object) -> Iterator[_Store]:
    file = find_file("path", path, (".npz",))
    if file.is_dir():
        yield _Folder(file)
        return
    store = _Npz(file)
    with store.file:
        yield store


def _check_views(inputs: object) -> dict[str, str]:
    """Return view name → key."""
    if not isinstance(inputs, Mapping):
        return {key: key for key in check_names(inputs, "data.inputs")}
    keys = check_mapping(inputs, "data.inputs")
    return {view: check_text(key, f"data.inputs.{view}") for view, key in keys.items()}


def _check_divisors(scale: object, views: Mapping[str, str]) -> dict[str, float]:
    """Return view name → divisor, of those views that have one."""
    divisors: dict[str, float] = {}
    if scale is None:
        return divisors
    for view, divisor in check_mapping(scale, "data.scale").items():
        check_choice(view, "data.scale", views, "view")
        divisors[view] = check_number(divisor, f"data.scale.{view}", exclude_low=True)
    return divisors


def _load_masks(
    store: _Store, masks: Mapping[str, Any], views: Mapping[str, str]
) -> dict[str, Array]:
    loaded: dict[str, Array] = {}
    for view, key in masks.items():
        check_choice(view, "data.masks", views, "view")
        mask = store.load(f"masks.{view}", check_text(key, f"data.masks.{view}"))
        loaded[view] = mask.astype(np.bool_)
    return loaded


def _without_padding(tags: Array, masks: Mapping[str, Array]) -> Array:
    """Return tags that are missing at padding, whatever stands there, if one mask knows it."""
    fitting = [mask for mask in masks.values() if mask.shape == tags.shape]
    if len(fitting) != 1 or fitting[0].all():
        return tags
    tags = tags.astype(object)
    tags[~fitting[0]] = None
    return tags


def _given_splits(store: _Store, n: int, splits: object) -> dict[str, Array]:
    """Load the splits that arrays say."""
    keys = check_mapping(splits, "data.splits")
    for name in keys:
        check_choice(name, f"data.splits.{name}", SPLITS, "split")
    loaded = {}
    for name, key in keys.items():
        rows = store.load(f"splits.{name}", check_text(key, f"data.splits.{name}"))
        if rows.dtype == np.bool_:
            if rows.shape != (n,):
                raise DataError(
                    f"the {name} split {key!r} is bool {rows.shape}; needed: bool ({n},) or sample "
                    "numbers"
                )
            rows = np.flatnonzero(rows)
        loaded[name] = rows
    return loaded


def _random_splits(
    store: _Store, n: int, targets: Mapping[str, Target], options: SplitOptions
) -> dict[str, Array]:
    labels = options.labels(targets)
    groups = None if options.group is None else store.load("group", options.group)
    if groups is not None and groups.ndim == 1:
        column = as_column(groups)
        is_missing = missing_cells(column)
        if is_missing.any():
            first = int(is_missing.argmax())
            raise DataError(f"the group array {options.group!r} is empty in row {first}")
        groups = category_numbers(column)
    for name, array in (("stratify", labels), ("group", groups)):
        if array is not None and array.shape != (n,):
            raise DataError(f"the array for `{name}` has shape {array.shape}; needed: ({n},)")
    return options.rows(n, labels, groups)
