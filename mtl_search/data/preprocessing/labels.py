"""Raw labels as found in files → `Target`.

Missing labels are NaN, None, NaT and texts of nothing but blanks; for all kinds but `real`, -1 too,
unless the target says otherwise. They are marked as missing and never become a class or a zero.

Classes are taken from all rows, not from the train rows alone: a label that first occurs in the
test split must have a number there. This tells the network how many classes exist, and nothing of
which sample has which. Labels that are all numbers are sorted as numbers and named by their
shortest text, so that 1, 1.0 and "1" are one class; all other labels are sorted as texts in their
normal form, so that é is one class in one code point or in two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.readers.cells import (
    as_column,
    as_numbers,
    category_text,
    factorize,
    missing_cells,
    number_text,
    plain_text,
)
from mtl_search.data.types import MISSING, Array, TargetKind
from mtl_search.errors import DataError

if TYPE_CHECKING:
    from mtl_search.data.readers.cells import Column

# From here on, float64 no longer tells whole numbers apart, so such labels are compared as texts.
_EXACT = 2.0**53
_MAX_LISTED = 6
# The most that rounding to float32 may change a real label, in the labels' standard deviations.
_MAX_ROUNDING = 0.01
_BINARY_NUMBERS = {"0": 0, "1": 1, "False": 0, "True": 1}


def encode_target(
    name: str, values: Array | Column, kind: TargetKind, missing: Sequence[str] | None = None
) -> Target:
    """Encode raw labels as a target.

    Args:
        name: The name of the target, for messages.
        values: (N,) raw labels; (N, L) for `multilabel`, (N, ...) for `vector`, (N, T) for `tags`.
        kind: What the labels mean.
        missing: The labels of classes and tags that count as missing beside empty ones; default:
            -1, and for tags -100, too, by which tokenizers pad.

    Raises:
        DataError: The labels do not fit the kind; the message shows some of them.

    Examples:
        >>> target = encode_target("animal", np.array(["cat", "", "dog"]), "class")
        >>> target.values.tolist(), target.classes
        ([0, -1, 1], ('cat', 'dog'))
    """
    raw = np.asarray(values)
    if kind == "vector" and raw.ndim > 1:
        return _vectors(name, raw.reshape(len(raw), -1))
    dimensions = 2 if kind in ("multilabel", "vector", "tags") else 1
    if raw.ndim != dimensions:
        raise DataError(
            f"target {name!r}: {kind} labels have {dimensions} dimension(s); given: {raw.shape}"
        )
    if kind == "real":
        return Target(_real_labels(name, as_column(values)), kind)
    if missing is None:
        missing = ("-1", "-100") if kind == "tags" else ("-1",)
    codes, classes = class_codes(as_column(values if raw.ndim == 1 else raw.reshape(-1)), missing)
    if not classes:
        raise DataError(f"target {name!r} has no labels at all: every row is missing")
    if kind in ("binary", "multilabel"):
        codes, classes = _binary_codes(name, codes, classes, kind)
    if kind == "multilabel":
        classes = tuple(map(str, range(raw.shape[1])))
    return Target(codes.reshape(raw.shape), kind, classes)


def class_codes(values: Column, missing: Sequence[str] = ("-1",)) -> tuple[Array, tuple[str, ...]]:
    """Assign numbers to the classes of a column.

    Args:
        values: The column.
        missing: The labels that count as missing beside empty ones, in their normal form.

    Returns:
        The class number of every row, (N,) int64 with -1 where missing, and the names of the
        classes in the order of their numbers.
    """
    places, distinct = factorize(values)  # few of which there are many, in hundreds of targets
    codes, classes = _codes_of_cells(distinct, missing)
    return codes[places], classes


def _codes_of_cells(values: Column, missing: Sequence[str]) -> tuple[Array, tuple[str, ...]]:
    present = ~missing_cells(values)
    numbers = as_numbers(values)
    if numbers is not None and (np.abs(numbers[present]) < _EXACT).all():
        names = np.array([number_text(number) for number in np.unique(numbers[present])], str)
        left_out = np.unique(numbers[present])[np.isin(names, list(missing))]
        present &= ~np.isin(numbers, left_out)
        unique, codes = np.unique(numbers[present], return_inverse=True)
        classes = tuple(map(number_text, unique))
    else:
        places, distinct = factorize(values.astype(str))
        texts = np.array(list(map(_class_text, distinct)), str)[places]
        present &= ~np.isin(texts, list(missing))
        unique, codes = np.unique(texts[present], return_inverse=True)
        classes = tuple(map(str, unique))
    all_codes = np.full(len(values), MISSING, np.int64)
    all_codes[present] = codes
    return all_codes, classes


def _class_text(value: object) -> str:
    """Return the name of a class beside others that are no numbers; 007 stays as it is."""
    text = plain_text(value)
    return text if text[:1] == "0" and text[1:2].isdigit() else category_text(value)


def _vectors(name: str, raw: Array) -> Target:
    """Encode (N, L) numbers, whose elements are named by their place."""
    numbers = _real_labels(name, as_column(raw.reshape(-1))).reshape(raw.shape)
    return Target(numbers, "vector", tuple(map(str, range(raw.shape[1]))))


def _real_labels(name: str, values: Column) -> Array:
    numbers = as_numbers(values)
    if numbers is None:
        examples = ", ".join(_texts_without_number(values))
        raise DataError(
            f"target {name!r} is real, but not all of its labels are numbers; some: {examples}"
        )
    if np.isinf(numbers).any():
        raise DataError(f"target {name!r} has infinite labels")
    _check_precision(name, numbers[~np.isnan(numbers)])
    return numbers


def _check_precision(name: str, numbers: Array) -> None:
    """Refuse labels that float32 cannot tell apart, such as today's seconds since 1970."""
    if not numbers.size:
        return
    low = numbers.min()
    high = numbers.max()
    if max(abs(low), abs(high)) > np.finfo(np.float32).max:
        raise DataError(
            f"target {name!r} has labels from {low:g} to {high:g}: scale them, single precision "
            "ends at 3e38"
        )
    rounding = np.abs(numbers - numbers.astype(np.float32)).max()
    if rounding > _MAX_ROUNDING * numbers.std():
        raise DataError(
            f"target {name!r} has labels from {low:.12g} to {high:.12g}, which single precision "
            f"rounds by up to {rounding:.2g}: take a constant such as their mean from them"
        )


def _texts_without_number(values: Column) -> list[str]:
    """Return a few of the values that are not numbers, or of all when none stands out."""
    import pandas as pd

    given = values[~missing_cells(values)].astype(object)
    unparsed = given[pd.to_numeric(given, errors="coerce").isna()]
    shown = unparsed if len(unparsed) else given
    return [repr(text) for text in dict.fromkeys(shown.astype(str))][:_MAX_LISTED]


def _binary_codes(
    name: str, codes: Array, classes: tuple[str, ...], kind: TargetKind
) -> tuple[Array, tuple[str, ...]]:
    """Return codes in {0, 1} and the names of both classes.

    One class alone is accepted only where it is certain which of the two it is.
    """
    listed = ", ".join(map(repr, classes[:_MAX_LISTED]))
    if len(classes) > _MAX_LISTED:
        listed += ", ..."
    if kind == "multilabel" and not set(classes) <= set(_BINARY_NUMBERS):
        raise DataError(
            f"target {name!r} is multilabel: its labels must be 0 or 1 (-1 where missing); "
            f"found: {listed}"
        )
    if len(classes) == 2:
        return codes, classes
    if len(classes) > 2:
        raise DataError(
            f"target {name!r} is binary, but has {len(classes)} classes ({listed}); should it be "
            "`class`?"
        )
    (only,) = classes
    # A lone 1 may be what is left of labels -1 and 1, whose -1 means missing here; a lone 0 cannot.
    if only not in _BINARY_NUMBERS or (only == "1" and (codes == MISSING).any()):
        raise DataError(
            f"target {name!r} has one class only ({listed}); -1 means missing, so write the others "
            "as 0"
        )
    both = ("0", "1") if only in "01" else ("False", "True")
    return np.where(codes == MISSING, MISSING, _BINARY_NUMBERS[only]), both
