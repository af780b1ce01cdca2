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
    check_int,
    check_mapping,
    check_names,
    check_number,
    check_text,
)
from mtl_search.data.dataset import DataSet, Target, common_length
from mtl_search.data.datasets import target_spec
from mtl_search.data.preprocessing.labels import encode
from mtl_search.data.readers.memmap import MemmapArray, divided
from mtl_search.data.readers.paths import find_file
from mtl_search.data.splits import DEFAULT_FRACTIONS, random_split
from mtl_search.data.types import SPLITS, Array, InputArray, TargetKind, network_dtype
from mtl_search.errors import ConfigError, DataError

_KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real", "tags")


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
    """Any views and targets that are arrays over the same N samples.

    Fractions, bytes (uint8) and bools reach the network as float32, all other integers as int64 (tokens). The
    inputs of an npz file are loaded; those of a folder stay on disk and are read batch by batch.

    Args:
        path: An `.npz` file, or a folder in which every array is a file `<key>.npy`; `package:NAME/path` is inside
            an installed package.
        inputs: Keys of the inputs, whose names the views get; or view name → key.
        targets: Target name → kind (class, binary, multilabel, real or tags), or `{kind: ..., key: ...}`.
        masks: View name → key of its (N, T) mask, nonzero at real tokens.
        scale: View name → what its values are divided by, such as 255 for bytes.
        splits: `{train: key, validation: key, test: key}`, arrays of sample numbers or (N,) bools, instead of a
            split by seed.
        fractions: Parts of train, validation and test, for a split by seed.
        stratify: Class or binary target whose classes are spread evenly over the splits.
        group: Key of an (N,) array; samples of equal value stay together in one split.
        seed: Of the split.

    Raises:
        ConfigError: An argument is wrong, or names a key that is not there.
        DataError: The file cannot be read, or its content does not fit.
    """
    specs = target_spec.targets(targets, _KINDS, "key")
    views = _views(inputs)
    divisors = {} if scale is None else check_mapping(scale, "data.scale")
    for view, divisor in divisors.items():
        check_choice(view, "data.scale", views, "view")
        divisors[view] = check_number(divisor, f"data.scale.{view}", exclude_low=True)
    with _open(path) as store:
        samples = {
            view: store.input("inputs", key, divisors.get(view, 1.0)) for view, key in views.items()
        }
        encoded = {
            name: encode(name, store.load(f"targets.{name}", spec.sources[0]), spec.kind)
            for name, spec in specs.items()
        }
        n = common_length(samples, encoded)
        if splits is None:
            rows = _random(
                store, n, encoded, fractions=fractions, stratify=stratify, group=group, seed=seed
            )
        else:
            rows = _given(store, n, splits, stratify, group)
        return DataSet(
            inputs=samples, targets=encoded, splits=rows, masks=_masks(store, masks, views)
        )


def read_arrays(path: object, keys: Mapping[str, str]) -> tuple[Array, ...]:
    """Some arrays of an npz file or of a folder of npy files, in memory.

    Args:
        path: As for `arrays`.
        keys: Argument that names the array, for messages → its key.

    Raises:
        ConfigError: There is no such file or key.
        DataError: An array cannot be read.
    """
    with _open(path) as store:
        return tuple(store.load(name, key) for name, key in keys.items())


class _Store(ABC):
    """Arrays by key."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def keys(self) -> Iterable[str]:
        """Keys of all arrays."""

    @abstractmethod
    def input(self, name: str, key: str, divisor: float) -> InputArray:
        """The array called `key`, which the argument `name` asks for, as an input."""

    @abstractmethod
    def _read(self, key: str) -> Array:
        """The array in memory."""

    def load(self, name: str, key: str) -> Array:
        """The array called `key` in memory."""
        check_choice(key, f"data.{name}", self.keys(), f"array (in {self.path.name})")
        try:
            array = np.asarray(self._read(key))
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"cannot read {key!r} from {self.path}: {error}") from None
        if array.ndim == 0:
            raise DataError(f"{key!r} in {self.path} is a single value; an array is needed")
        return array


class _Npz(_Store):
    """The arrays of an npz file, which are loaded."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self.file = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"cannot open {path} as an npz file: {error}") from None
        if not isinstance(self.file, np.lib.npyio.NpzFile):
            raise DataError(
                f"{path} holds a single array; an npz file (numpy.savez) or a folder is needed"
            )

    def keys(self) -> Iterable[str]:
        return list(self.file.files)

    def input(self, name: str, key: str, divisor: float) -> InputArray:
        array = self.load(name, key)
        return divided(array.astype(network_dtype(array.dtype, key), copy=False), divisor)

    def _read(self, key: str) -> Array:
        return np.asarray(self.file[key])


class _Folder(_Store):
    """The arrays of a folder; inputs stay on disk."""

    def keys(self) -> Iterable[str]:
        return sorted(file.stem for file in self.path.glob("*.npy"))

    def input(self, name: str, key: str, divisor: float) -> InputArray:
        check_choice(key, f"data.{name}", self.keys(), f"array (in {self.path.name})")
        return MemmapArray((self.path / f"{key}.npy").resolve(), divisor)

    def _read(self, key: str) -> Array:
        return np.asarray(np.load(self.path / f"{key}.npy", allow_pickle=False))


@contextmanager
def _open(value: object) -> Iterator[_Store]:
    path = find_file("path", value, (".npz",))
    if path.is_dir():
        yield _Folder(path)
        return
    store = _Npz(path)
    with store.file:
        yield store


def _views(inputs: object) -> dict[str, str]:
    if isinstance(inputs, Mapping):
        chosen = check_mapping(inputs, "data.inputs")
        return {view: check_text(key, f"data.inputs.{view}") for view, key in chosen.items()}
    return {key: key for key in check_names(inputs, "data.inputs")}


def _masks(store: _Store, masks: object, views: Mapping[str, str]) -> dict[str, Array]:
    chosen = {} if masks is None else check_mapping(masks, "data.masks")
    loaded = {}
    for view, key in chosen.items():
        check_choice(view, "data.masks", views, "view")
        loaded[view] = store.load(f"masks.{view}", check_text(key, f"data.masks.{view}")).astype(
            np.bool_
        )
    return loaded


def _given(
    store: _Store, n: int, splits: object, stratify: object, group: object
) -> dict[str, Array]:
    for name, value in (("stratify", stratify), ("group", group)):
        if value is not None:
            raise ConfigError(
                "only a split by seed can do this; `splits` gives one",
                path=f"data.{name}",
                value=value,
            )
    keys = check_mapping(splits, "data.splits")
    for name in keys:
        check_choice(name, f"data.splits.{name}", SPLITS, "split")
    chosen = {}
    for name, key in keys.items():
        rows = store.load(f"splits.{name}", check_text(key, f"data.splits.{name}"))
        if rows.dtype == np.bool_ and rows.shape != (n,):
            raise DataError(
                f"the {name} split {key!r} is bool {rows.shape}; needed: bool ({n},) or sample numbers"
            )
        chosen[name] = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    return chosen


def _random(
    store: _Store,
    n: int,
    targets: Mapping[str, Target],
    *,
    fractions: object,
    stratify: object,
    group: object,
    seed: object,
) -> dict[str, Array]:
    parts = target_spec.fractions("fractions", fractions)
    number = check_int(seed, "data.seed", low=0)
    if stratify is not None and group is not None:
        raise ConfigError(
            "a split is either stratified or by group, not both", path="data.group", value=group
        )
    labels = groups = None
    if stratify is not None:
        fit = [name for name, target in targets.items() if target.kind in ("class", "binary")]
        target = check_choice(
            check_text(stratify, "data.stratify"), "data.stratify", fit, "class or binary target"
        )
        labels = targets[target].values
    if group is not None:
        groups = store.load("group", check_text(group, "data.group"))
    for name, array in (("stratify", labels), ("group", groups)):
        if array is not None and array.shape != (n,):
            raise DataError(f"the array for `{name}` has shape {array.shape}; needed: ({n},)")
    return random_split(n, parts, number, stratify=labels, groups=groups)
