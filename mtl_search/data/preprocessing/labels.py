"""Raw labels as found in files → `Target`.

Missing labels are NaN, None, NaT and texts of nothing but blanks; for all kinds but `real`, -1 as well. They are
marked as missing and never become a class or a zero.

Classes are taken from all rows, not from the train rows alone: a label that first occurs in the test split must have
a number there. This tells the network how many classes exist, and nothing of which sample has which. Labels that are
all numbers are sorted as numbers and named by their shortest text, so that 1, 1.0 and "1" are one class; all other
labels are sorted as texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.readers.cells import as_column, as_numbers, missing, number_text
from mtl_search.data.types import MISSING, Array, TargetKind
from mtl_search.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    Column = pd.Series[Any]

# Above this, float64 no longer tells whole numbers apart, so such labels are compared as texts.
_EXACT = 2.0**53
_SHOWN = 6
# Rounding of real labels that is bearable, in their standard deviations.
_LOST = 0.01


def encode(name: str, values: Array | Column, kind: TargetKind) -> Target:
    """The target that raw labels of a kind mean.

    Args:
        name: Of the target, for messages.
        values: (N,) raw labels; (N, L) for `multilabel`, (N, T) for `tags`.
        kind: What they mean.

    Raises:
        DataError: The labels do not fit the kind; the message shows some of them.
    """
    raw = np.asarray(values)
    wanted = 2 if kind in ("multilabel", "tags") else 1
    if raw.ndim != wanted:
        raise DataError(
            f"target {name!r}: {kind} labels have {wanted} dimension(s); given: {raw.shape}"
        )
    if kind == "real":
        return Target(_real(name, as_column(values)), kind)
    codes, classes = class_codes(as_column(values if raw.ndim == 1 else raw.reshape(-1)))
    if not classes:
        raise DataError(f"target {name!r} has no labels at all: every row is missing")
    if kind in ("binary", "multilabel"):
        codes, classes = _two_classes(name, codes, classes, kind)
    if kind == "multilabel":
        classes = tuple(str(number) for number in range(raw.shape[1]))
    return Target(codes.reshape(raw.shape), kind, classes)


def class_codes(values: Column) -> tuple[Array, tuple[str, ...]]:
    """Class number of every row, (N,) int64 with -1 where missing, and the names of the classes in order."""
    present = ~missing(values)
    numbers = as_numbers(values)
    if numbers is not None and (np.abs(numbers[present]) < _EXACT).all():
        present &= numbers != MISSING
        found, codes = np.unique(numbers[present], return_inverse=True)
        classes = tuple(number_text(x) for x in found)
    else:
        keys = values.astype(str).str.strip().to_numpy(dtype=object)
        present &= keys != str(MISSING)
        unique, codes = np.unique(keys[present].astype(str), return_inverse=True)
        classes = tuple(str(key) for key in unique)
    numbered = np.full(len(values), MISSING, np.int64)
    numbered[present] = codes
    return numbered, classes


def _real(name: str, values: Column) -> Array:
    numbers = as_numbers(values)
    if numbers is None:
        raise DataError(
            f"target {name!r} is real, but not all of its labels are numbers; some: {_some(values)}"
        )
    if np.isinf(numbers).any():
        raise DataError(f"target {name!r} has infinite labels")
    _check_precision(name, numbers[~np.isnan(numbers)])
    return numbers


def _check_precision(name: str, numbers: Array) -> None:
    """Labels are trained on in single precision, which tells seconds of 1970 no longer apart today."""
    if not numbers.size:
        return
    low, high = numbers.min(), numbers.max()
    if max(abs(low), abs(high)) > np.finfo(np.float32).max:
        raise DataError(
            f"target {name!r} has labels from {low:g} to {high:g}: scale them, single precision ends at 3e38"
        )
    lost = np.abs(numbers - numbers.astype(np.float32)).max()
    if lost > _LOST * numbers.std():
        raise DataError(
            f"target {name!r} has labels from {low:.12g} to {high:.12g}, which single precision rounds by up to "
            f"{lost:.2g}: take a constant such as their mean from them"
        )


def _some(values: Column) -> str:
    """A few of the values that are no numbers, or of all when none stands out."""
    import pandas as pd

    kept = values[~missing(values)].astype(object)
    odd = kept[pd.to_numeric(kept, errors="coerce").isna()]
    return ", ".join(
        repr(value)
        for value in list(dict.fromkeys((odd if len(odd) else kept).astype(str)))[:_SHOWN]
    )


_TRUTH = {"0": 0, "1": 1, "False": 0, "True": 1}


def _two_classes(
    name: str, codes: Array, classes: tuple[str, ...], kind: TargetKind
) -> tuple[Array, tuple[str, ...]]:
    """Codes in {0, 1}; one class alone will do only where it is sure which of the two it is."""
    shown = ", ".join(map(repr, classes[:_SHOWN])) + (", ..." if len(classes) > _SHOWN else "")
    if kind == "multilabel" and not set(classes) <= set(_TRUTH):
        raise DataError(
            f"target {name!r} is multilabel: its labels must be 0 or 1 (-1 where missing); found: {shown}"
        )
    if len(classes) == 2:
        return codes, classes
    if len(classes) > 2:
        raise DataError(
            f"target {name!r} is binary, but has {len(classes)} classes ({shown}); should it be `class`?"
        )
    # A lone 1 may be what is left of labels -1 and 1, whose -1 we take for missing; a lone 0 cannot.
    if classes[0] not in _TRUTH or (classes[0] == "1" and (codes == MISSING).any()):
        raise DataError(
            f"target {name!r} has one class only ({shown}); -1 means missing, so write the others as 0"
        )
    pair = ("0", "1") if classes[0] in "01" else ("False", "True")
    return np.where(codes == MISSING, MISSING, _TRUTH[classes[0]]), pair
