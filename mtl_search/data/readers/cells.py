"""Cells of a column as numbers or texts, and which of them are missing."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.data.types import Array
from mtl_search.errors import DataError, short

if TYPE_CHECKING:
    import pandas as pd

    Column = pd.Series[Any]


# The texts that `pandas.read_csv` reads as missing.
MISSING_TEXTS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
_CODE = re.compile(r"[+-]?0[0-9]")


def as_column(values: Array | Column) -> Column:
    """Return the values as a pandas column with rows from 0; bytes become text."""
    import pandas as pd

    if isinstance(values, np.ndarray) and values.dtype.kind == "S":
        try:
            values = np.char.decode(values, "utf-8")
        except UnicodeDecodeError as error:
            shown = short(error.object)
            raise DataError(f"bytes such as {shown} are no UTF-8: store them as texts") from None
    return values.reset_index(drop=True) if isinstance(values, pd.Series) else pd.Series(values)


def missing_cells(values: Column) -> Array:
    """Find the cells without a value: NaN, None, NaT, or a text of nothing but blanks.

    Returns:
        (N,) bool, True where a value is missing.
    """
    import pandas as pd
    from pandas.api.types import is_object_dtype, is_string_dtype

    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = factorize(values)
        return np.asarray(missing_cells(distinct)[codes])
    is_missing = values.isna().to_numpy(dtype=bool)
    if is_object_dtype(values.dtype):
        blank = [isinstance(value, str) and not value.strip() for value in values]
        is_missing = is_missing | np.array(blank, bool)
    elif is_string_dtype(values.dtype):
        is_missing = is_missing | (values.str.strip() == "").fillna(False).to_numpy(dtype=bool)
    return is_missing


def factorize(values: Column) -> tuple[Array, Column]:
    """Return which of its different values each row of a column has, (N,), and those values.

    A column has few different ones, so each needs to be looked at once only; one of pandas'
    categories knows them. In a column of mixed types, 1 and True are equal but not the same.
    """
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        return _used_categories(values)
    if _is_simple(values):
        codes, texts = values.factorize(use_na_sentinel=False)
        return codes, pd.Series(texts, dtype=values.dtype)
    places: dict[object, int] = {}
    distinct: list[object] = []
    codes = np.empty(len(values), np.int64)
    for row, value in enumerate(values):
        try:
            place = places.setdefault((type(value), value), len(distinct))
        except TypeError:  # a value that has no hash is different from all others
            place = len(distinct)
        if place == len(distinct):
            distinct.append(value)
        codes[row] = place
    return codes, pd.Series(distinct, dtype=object)


def _is_simple(values: Column) -> bool:
    """Return whether all cells that are not missing are of one type."""
    from pandas.api.types import infer_dtype, is_object_dtype

    return not is_object_dtype(values.dtype) or infer_dtype(values, skipna=True) == "string"


def _used_categories(values: Column) -> tuple[Array, Column]:
    """Return which of the categories that occur each row has, and these; missing is one of them."""
    import pandas as pd

    codes = values.cat.codes.to_numpy().astype(np.intp) + 1
    occurs = np.bincount(codes, minlength=len(values.cat.categories) + 1) > 0
    dtype: Any = values.dtype
    used = pd.Categorical.from_codes(np.flatnonzero(occurs) - 1, dtype=dtype)
    places = np.cumsum(occurs) - 1
    return places[codes], pd.Series(used).astype(object)


def as_numbers(values: Column) -> Array | None:
    """Read a column as numbers.

    Returns:
        (N,) float64 with NaN where missing; None when a value is not a number. Bools, dates and
        complex numbers are not numbers.
    """
    from pandas.api import types

    not_numbers = (
        types.is_bool_dtype,
        types.is_complex_dtype,
        types.is_datetime64_any_dtype,
        types.is_timedelta64_dtype,
    )
    if any(is_of_type(values.dtype) for is_of_type in not_numbers):
        return None
    if types.is_numeric_dtype(values.dtype):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    codes, texts = factorize(values)
    numbers = _parse_numbers(texts)
    return None if numbers is None else numbers[codes]


def _parse_numbers(values: Column) -> Array | None:
    """Read texts, or values of any kind, as numbers."""
    present = ~missing_cells(values)
    given = values[present]
    if any(isinstance(value, bool | np.bool_) for value in given):
        return None
    numbers = np.full(len(values), np.nan)
    parsed = _to_numeric(given.astype(object))
    numbers[present] = np.asarray(parsed, dtype=np.float64)
    return None if np.isnan(numbers[present]).any() else numbers


def _to_numeric(values: Column) -> Column:
    """Return numbers, NaN where there is none, and infinity for a whole number beyond float64."""
    import pandas as pd

    try:
        return pd.to_numeric(values, errors="coerce")
    except OverflowError:
        largest = int(np.finfo(np.float64).max)
        within = [_limited(x, largest) if isinstance(x, int) else x for x in values]
        return pd.to_numeric(pd.Series(within, dtype=object), errors="coerce")


def _limited(value: int, largest: int) -> float:
    """Return a whole number as float, infinite where it is beyond the largest."""
    return float(value) if abs(value) <= largest else float("inf" if value > 0 else "-inf")


def number_text(number: float) -> str:
    """Return the shortest text of a number: 3 for 3.0, 0.5 for 0.5."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def plain_text(value: object) -> str:
    """Return a text in its normal form: without blanks around it, é as one code point (NFC).

    Texts that look alike are one class, category, group or file, however they were typed.

    Examples:
        >>> plain_text("cafe\u0301 ") == plain_text("caf\u00e9")
        True
    """
    return unicodedata.normalize("NFC", str(value)).strip()


def is_code(text: str) -> bool:
    """Return whether a text is a code such as 007, which a number would take the zeros from."""
    return _CODE.match(text) is not None


def category_text(value: object) -> str:
    """Return the text of a class, category or group: the same for 1, 1.0, "1" and "1.0".

    Codes keep their zeros: 01234 and 1234 are two. How one row is read must not depend on what a
    file's other rows hold.

    Examples:
        >>> category_text(" 1.0"), category_text("P1 "), category_text("1_0"), category_text("007")
        ('1', 'P1', '1_0', '007')
    """
    text = plain_text(value)
    # Python reads 1_0 as the number 10, and the digits of all scripts, which no file means.
    if isinstance(value, bool | np.bool_) or "_" in text or not text.isascii() or is_code(text):
        return text
    try:
        number = float(value)  # type: ignore[arg-type]  # the value may be anything
    except (TypeError, ValueError, OverflowError):
        return text
    # From 2^53 on, float64 no longer tells whole numbers apart.
    return number_text(number) if abs(number) < 2.0**53 else text


def category_numbers(values: Column) -> Array:
    """Return the number of the category or group of each row, (N,): equal where the text is."""
    codes, distinct = factorize(values)
    texts = list(map(category_text, distinct))
    # A long text would give numpy's own type of texts its length in every row.
    numbers = {text: number for number, text in enumerate(sorted(set(texts)))}
    return np.array([numbers[text] for text in texts], np.int64)[codes]
