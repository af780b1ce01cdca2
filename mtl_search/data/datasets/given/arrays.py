"""Data sets from arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl_search.config.checks import check_choice, check_mapping, check_number
from mtl_search.data.dataset import DataSet, Target, common_length
from mtl_search.data.datasets.given.frames import argument_paths
from mtl_search.data.datasets.given.kinds import array_kind, tell_kinds
from mtl_search.data.datasets.split_options import SplitOptions
from mtl_search.data.datasets.target_spec import target_specs
from mtl_search.data.preparation.arrays import ArraysPreparation, ArrayView
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.readers.cells import category_text
from mtl_search.data.readers.memmap import divide
from mtl_search.data.splits import DEFAULT_FRACTIONS
from mtl_search.data.types import SPLITS, Array, TargetKind, network_dtype
from mtl_search.errors import ConfigError, DataError

_KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real", "vector", "tags")


def from_arrays(
    inputs: Any,
    targets: Mapping[str, Any],
    *,
    kinds: Mapping[str, Any] | None = None,
    masks: Mapping[str, Any] | None = None,
    scale: Mapping[str, float] | None = None,
    splits: Any = None,
    fractions: Any = DEFAULT_FRACTIONS,
    stratify: str | None = None,
    groups: Any = None,
    seed: int = 0,
) -> DataSet:
    """Return the data set of `DataSet.from_arrays`, which describes the arguments."""
    views = {str(k): x for k, x in inputs.items()} if isinstance(inputs, Mapping) else {"x": inputs}
    with argument_paths():
        targets = check_mapping(targets, "data.targets")
        for view in check_mapping(scale, "data.scale") if scale else ():
            check_choice(view, "data.scale", views, "input")
        raw = {name: _array(f"input {name!r}", x) for name, x in views.items()}
        padding = {
            name: _array(f"the mask of {name!r}", mask).astype(np.bool_)
            for name, mask in (masks or {}).items()
        }
        known = {name: _view(name, x, scale or {}, padding) for name, x in raw.items()}
        prepared = {
            name: divide(x.astype(network_dtype(x.dtype, name), copy=False), known[name].scale)
            for name, x in raw.items()
        }
        encoded = _targets(targets, kinds or {}, [x.shape[:2] for x in raw.values()])
        n = common_length(prepared, encoded)
        options = SplitOptions.of(
            fractions=fractions,
            seed=seed,
            stratify=stratify,
            group=None if groups is None else "groups",
            given="" if splits is None else "`splits` says the split",
        )
        rows = _random(n, options, encoded, groups) if splits is None else _given(n, splits)
        preparation = ArraysPreparation(known)
        return DataSet(prepared, encoded, rows, masks=padding, preparation=preparation)


def _view(
    name: str, x: Array, scale: Mapping[str, float], padding: Mapping[str, Array]
) -> ArrayView:
    divisor = check_number(scale.get(name, 1.0), f"data.scale.{name}", exclude_low=True)
    return ArrayView(tuple(x.shape[1:]), x.dtype.name, divisor, name in padding, name)


def _targets(
    targets: Mapping[str, Any], kinds: Mapping[str, Any], tokens: list[tuple[int, ...]]
) -> dict[str, Target]:
    encoded: dict[str, Target] = {}
    inferred = {}
    for name in kinds:
        check_choice(name, "data.kinds", targets, "target")
    for name, values in targets.items():
        if isinstance(values, Target):
            encoded[name] = values
            continue
        array = _array(f"target {name!r}", values)
        said = kinds.get(name)
        if said is None:
            said = inferred[name] = array_kind(name, array, tokens)
        spec = target_specs({name: said}, _KINDS, "key")[name]
        encoded[name] = encode_target(name, array, spec.kind, spec.missing, spec.positive)
    tell_kinds(inferred)
    return encoded


def _array(what: str, values: Any) -> Array:
    """Return values as an array; tensors on the CPU, series and lists are some, too."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{what} is no array: {error}") from error
    if not array.ndim:
        raise DataError(f"{what} is a {type(values).__name__}; an array (samples, ...) is needed")
    return array


def _given(n: int, splits: Any) -> dict[str, Array]:
    """Return the rows of each split, from numbers, truth values, or a name for each sample."""
    if not isinstance(splits, Mapping):
        names = _array("`splits`", splits)
        if names.shape != (n,) or not set(map(str, np.unique(names))) <= set(SPLITS):
            raise ConfigError(
                f"`splits` of {n} samples is a mapping from {', '.join(SPLITS)} to sample numbers, "
                "or one of these names for each sample",
                path="data.splits",
                value=names.shape,
            )
        return {split: np.flatnonzero(names == split) for split in SPLITS}
    rows = {}
    for split, given in splits.items():
        check_choice(str(split), f"data.splits.{split}", SPLITS, "split")
        numbers = _array(f"the {split} split", given)
        rows[str(split)] = np.flatnonzero(numbers) if numbers.dtype == np.bool_ else numbers
    return rows


def _random(
    n: int, options: SplitOptions, targets: Mapping[str, Target], groups: Any
) -> dict[str, Array]:
    known = None if groups is None else _array("`groups`", groups)
    if known is not None and known.shape != (n,):
        raise DataError(f"`groups` has the shape {known.shape}; needed: ({n},)")
    if known is not None and known.dtype.kind in "OUS":
        known = np.array([category_text(value) for value in known])
    return options.rows(n, options.labels(targets), known)
