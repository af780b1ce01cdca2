"""Checks of the inputs, masks and splits of a data set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtl_search.data.types import SPLITS, Array, InputArray, in_memory, network_dtype
from mtl_search.errors import DataError


def checked_input(name: str, x: InputArray) -> InputArray:
    """Return the input in float32 or int64; without a copy where it has this type already.

    Raises:
        DataError: It is no array of numbers, has NaN or infinite values, or is streamed in another
            type.
    """
    if not all(hasattr(x, key) for key in ("shape", "dtype", "nbytes", "__getitem__")):
        raise DataError(f"input {name!r} is a {type(x).__name__}; a numpy array is needed")
    if not x.shape:
        raise DataError(f"input {name!r} is a single number; an array (N, ...) is needed")
    dtype = network_dtype(x.dtype, name)
    if not in_memory(x):
        if x.dtype != dtype:
            raise DataError(
                f"input {name!r} is streamed as {x.dtype}; needed: {dtype} "
                "(see mtl_search.data.readers.memmap)"
            )
        return x
    x = x.astype(dtype, copy=False)
    if dtype.kind == "f" and not np.isfinite(x).all():
        raise DataError(f"input {name!r} has NaN or infinite values; only labels may be missing")
    return x


def check_masks(masks: Mapping[str, Array], inputs: Mapping[str, InputArray]) -> None:
    """Refuse masks that do not fit their inputs.

    Args:
        masks: View name → (N, T) bool.
        inputs: View name → array (N, ...).

    Raises:
        DataError: There is no such input, or the mask has another shape or type.
    """
    for name, mask in masks.items():
        if name not in inputs:
            raise DataError(
                f"there is a mask for {name!r}, but no such input; inputs: {', '.join(inputs)}"
            )
        shape = inputs[name].shape[:2]
        if mask.dtype != np.bool_ or mask.shape != shape:
            raise DataError(
                f"the mask of {name!r} is {mask.dtype} {mask.shape}; needed: bool {shape}"
            )


def checked_splits(splits: Mapping[str, Array], samples: int) -> dict[str, Array]:
    """Return the splits in int64, without a copy where they have this type already.

    Args:
        splits: Split → sample numbers.
        samples: The number of samples of the data set.

    Raises:
        DataError: A split is missing, unknown or empty, overlaps another, or holds something else
            than numbers of samples.
    """
    missing = [name for name in SPLITS if name not in splits]
    if missing:
        raise DataError(
            f"the data set has no {', '.join(missing)} split; all of {', '.join(SPLITS)} are needed"
        )
    unknown = [str(name) for name in splits if name not in SPLITS]
    if unknown:
        raise DataError(
            f"the data set has unknown splits: {', '.join(unknown)}; allowed: {', '.join(SPLITS)}"
        )
    checked = {name: _checked_rows(name, np.asarray(splits[name]), samples) for name in SPLITS}
    # Marking is linear and needs one byte a sample; sorting all row numbers would take most of the
    # time of a large data set.
    is_used = np.zeros(samples, np.bool_)
    for rows in checked.values():
        is_used[rows] = True
    if int(np.count_nonzero(is_used)) != sum(map(len, checked.values())):
        raise DataError("a sample is in two splits, or twice in one")
    return checked


def _checked_rows(name: str, rows: Array, samples: int) -> Array:
    if rows.size == 0:
        raise DataError(f"the {name} split is empty")
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise DataError(
            f"the {name} split holds sample numbers, (n,) integers; "
            f"given: {rows.dtype} {rows.shape}"
        )
    if rows.min() < 0 or rows.max() >= samples:
        raise DataError(f"the {name} split names samples outside 0..{samples - 1}")
    return rows.astype(np.int64, copy=False)
