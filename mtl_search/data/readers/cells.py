"""Cells of a column as numbers or texts, and which of them are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.data.types import Array

if TYPE_CHECKING:
    import pandas as pd

    Column = pd.Series[Any]


def as_column(values: Array | Column) -> Column:
    """The values as a pandas column; bytes become text."""
    import pandas as pd

    if isinstance(values, np.ndarray) and values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    return values.reset_index(drop=True) if isinstance(values, pd.Series) else pd.Series(values)


def missing(values: Column) -> Array:
    """(N,) bool, True where there is no value: NaN, None, NaT, or a text of nothing but blanks."""
    from pandas.api.types import is_object_dtype, is_string_dtype

    gone = values.isna().to_numpy(dtype=bool)
    if is_object_dtype(values.dtype):
        gone = gone | np.array(
            [isinstance(value, str) and not value.strip() for value in values], bool
        )
    elif is_string_dtype(values.dtype):
        gone = gone | (values.str.strip() == "").fillna(False).to_numpy(dtype=bool)
    return gone


def distinct(values: Column) -> tuple[Array, Column]:
    """Which of the distinct values each row has, (N,), and those: a column of texts has few: each is seen once.

    Other columns come back as they are: 1 and True are equal, and not the same.
    """
    import pandas as pd
    from pandas.api.types import is_object_dtype, is_string_dtype

    if is_object_dtype(values.dtype) or not is_string_dtype(values.dtype):
        return np.arange(len(values)), values
    rows, kinds = values.factorize(use_na_sentinel=False)
    return rows, pd.Series(kinds, dtype=values.dtype)


def as_numbers(values: Column) -> Array | None:
    """(N,) float64 with NaN where missing; None when some value is not a number (bools and dates are none)."""
    from pandas.api.types import (
        is_bool_dtype,
        is_datetime64_any_dtype,
        is_numeric_dtype,
        is_timedelta64_dtype,
    )

    kind = values.dtype
    if is_bool_dtype(kind) or is_datetime64_any_dtype(kind) or is_timedelta64_dtype(kind):
        return None
    if is_numeric_dtype(kind) and kind != np.complex128:
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    rows, kinds = distinct(values)
    numbers = _parsed(kinds)
    return None if numbers is None else numbers[rows]


def _parsed(values: Column) -> Array | None:
    """The same of texts, or of values of any kind."""
    import pandas as pd

    present = ~missing(values)
    kept = values[present]
    if any(isinstance(value, bool | np.bool_) for value in kept):
        return None
    numbers = np.full(len(values), np.nan)
    parsed = pd.to_numeric(kept.astype(object), errors="coerce")
    numbers[present] = np.asarray(parsed, dtype=np.float64)
    return None if np.isnan(numbers[present]).any() else numbers


def number_text(number: float) -> str:
    """The shortest text of a number: 3 for 3.0, 0.5 for 0.5."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def category_text(value: object) -> str:
    """The same text for 1, 1.0, "1" and "1.0": a file's other rows must not change how this one is read."""
    if isinstance(value, bool | np.bool_):
        return str(value)
    try:
        number = float(value)  # type: ignore[arg-type]  # that it may be anything is the point of the try
    except (TypeError, ValueError):
        return str(value).strip()
    return number_text(number) if abs(number) < 2.0**53 else str(value).strip()
