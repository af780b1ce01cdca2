"""Kinds of targets, from what their columns and arrays hold."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.families.patterns import in_short
from mtl_search.data.readers.cells import as_column, as_numbers, category_text, missing_cells
from mtl_search.data.types import Array, TargetKind
from mtl_search.errors import DataError

if TYPE_CHECKING:
    from mtl_search.data.readers.cells import Column

logger = logging.getLogger(__name__)

# More different whole numbers than these are quantities, and more different texts are no classes.
_MOST_NUMBERS, _MOST_TEXTS = 20, 1000
_LISTED = 12  # of more targets, only the first and the last of each kind are named
_LABELS = 2  # axes of an array of several labels a sample


def column_kind(name: str, values: Column) -> TargetKind:
    """Return what the values of a column are, as a target.

    Two values are `binary`, texts `class`; whole numbers are `class` where there are at most 20
    different ones, and all other numbers are `real`.

    Args:
        name: The name of the target, for messages.
        values: The column.

    Raises:
        DataError: It has no value, or holds dates or free texts.

    Examples:
        >>> import pandas as pd
        >>> column_kind("y", pd.Series([0.5, 2.25, None])), column_kind("y", pd.Series(["a", "b"]))
        ('real', 'binary')
    """
    present = values[~missing_cells(values)].reset_index(drop=True)
    if not len(present):
        raise DataError(f"target {name!r} has no labels at all: every row is missing")
    if np.dtype(getattr(values.dtype, "numpy_dtype", object)).kind in "Mm" or str(
        values.dtype
    ).startswith(("datetime", "timedelta")):
        raise DataError(
            f"target {name!r} holds dates; make numbers of them, such as days since the first one"
        )
    is_text = any(isinstance(value, str) for value in present[:1])
    numbers = None if is_text else as_numbers(present)
    if numbers is not None:
        return _kind_of_numbers(numbers)
    different = len(set(map(category_text, present)))
    if different > min(_MOST_TEXTS, max(2, len(present) // 2)):
        raise DataError(
            f"target {name!r} has {different} different texts in {len(present)} rows, which are no "
            "classes; name other columns in `targets`"
        )
    return "binary" if different == 2 else "class"


def array_kind(name: str, values: Array, tokens: Iterable[tuple[int, ...]] = ()) -> TargetKind:
    """Return what an array (N, ...) is, as a target.

    Args:
        name: The name of the target, for messages.
        values: The array.
        tokens: The shapes (N, T) of the views' tokens.

    Raises:
        DataError: It is not clear.

    Examples:
        >>> array_kind("y", np.zeros((4, 3))), array_kind("y", np.array([[0, 1], [1, -1]]))
        ('vector', 'multilabel')
    """
    if values.ndim == 1:
        return column_kind(name, as_column(values))
    if values.dtype.kind == "f":
        return "vector"
    if values.ndim == _LABELS and values.dtype.kind in "iub":
        if tuple(values.shape) in set(tokens):
            return "tags"
        if set(np.unique(values)) <= {-1, 0, 1}:
            return "multilabel"
    raise DataError(
        f"target {name!r} has the shape {values.shape} and holds {values.dtype}; say its kind, as "
        f"by `kinds={{{name!r}: 'vector'}}`"
    )


def tell_kinds(inferred: Mapping[str, Any]) -> None:
    """Log which kinds were inferred."""
    if inferred:
        listed = ", ".join(f"{name}: {kind}" for name, kind in inferred.items())
        if len(inferred) > _LISTED:
            by_kind: dict[str, list[str]] = {}
            for name, kind in inferred.items():
                by_kind.setdefault(kind, []).append(name)
            listed = "; ".join(f"{kind}: {in_short(names)}" for kind, names in by_kind.items())
        logger.info("kinds of targets, by their values: %s", listed)


def _kind_of_numbers(numbers: Array) -> TargetKind:
    values = np.unique(numbers[~np.isnan(numbers)])
    if set(values) <= {0.0, 1.0} and len(values) == 2:
        return "binary"
    is_whole = bool((values == np.floor(values)).all())
    return "class" if is_whole and len(values) <= _MOST_NUMBERS else "real"
