"""Columns of a table → one (N, W) float32 input, with everything that is fitted taken from the train rows only."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.readers.cells import as_column, as_numbers, category_text, distinct, missing
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

    from mtl_search.data.preprocessing.labels import Column

logger = logging.getLogger(__name__)

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class Numeric:
    """A column of numbers, standardised to mean 0 and standard deviation 1 on the train rows.

    A missing value becomes the mean, that is 0. Where train rows have missing values, a second column says which.
    """

    name: str
    mean: float
    deviation: float
    indicator: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that it becomes."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    def transform(self, values: Column) -> Array:
        """(N,) values → (N, 1 or 2) float32.

        Raises:
            DataError: A value is not a number, or is infinite.
        """
        numbers = as_numbers(values)
        if numbers is None:
            raise DataError(
                f"column {self.name!r} is numeric, but row {_first_text(values)} is not a number"
            )
        _check_range(self.name, numbers)
        gone = np.isnan(numbers)
        scaled = np.where(gone, 0.0, (numbers - self.mean) / self.deviation)
        parts = [scaled, gone] if self.indicator else [scaled]
        with np.errstate(
            over="ignore"
        ):  # what is too large after all becomes infinite, which the data set refuses
            return np.stack(parts, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Categorical:
    """A column of names, one-hot over the names of the train rows, and one more column for missing or unknown."""

    name: str
    categories: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that it becomes."""
        return (*(f"{self.name}={category}" for category in self.categories), f"{self.name} other")

    def transform(self, values: Column) -> Array:
        """(N,) values → (N, categories + 1) float32."""
        number: dict[str | None, int] = {category: k for k, category in enumerate(self.categories)}
        rows, keys = _keys(values)
        codes = np.array([number.get(key, len(number)) for key in keys], np.int64)
        return np.eye(len(number) + 1, dtype=np.float32)[codes[rows]]


@dataclass(frozen=True)
class TableEncoder:
    """All input columns of a table, side by side in the order given."""

    columns: tuple[Numeric | Categorical, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the W columns of the input."""
        return tuple(name for column in self.columns for name in column.names)

    def transform(self, frame: pd.DataFrame) -> Array:
        """Rows of the table → (N, W) float32."""
        return np.concatenate([c.transform(as_column(frame[c.name])) for c in self.columns], axis=1)


def fit_columns(
    train: pd.DataFrame,
    names: Sequence[str],
    categorical: Sequence[str] | None,
    max_categories: int,
) -> TableEncoder:
    """The encoder that the train rows ask for.

    Args:
        train: The train rows alone; no other row may have a say.
        names: The input columns, in order.
        categorical: Which of them hold categories; None: those that hold anything but numbers.
        max_categories: A column with more categories is refused: it is most likely an identifier or free text.

    Raises:
        ConfigError: A column has too many categories.
        DataError: A column that is not to be categorical holds other things than numbers.
    """
    columns: list[Numeric | Categorical] = []
    for name in names:
        values = as_column(train[name])
        numbers = as_numbers(values)
        if name in categorical if categorical is not None else numbers is None:
            columns.append(
                _fit_categorical(name, values, max_categories, meant=categorical is not None)
            )
        elif numbers is None:
            raise DataError(
                f"column {name!r} is not among the categorical ones, but row {_first_text(values)} is not a number"
            )
        else:
            columns.append(_fit_numeric(name, numbers))
    return TableEncoder(tuple(columns))


def _check_range(name: str, numbers: Array) -> None:
    """Refuse what float32 cannot hold; up to there, squares stay within float64."""
    too_large = np.abs(numbers) > np.finfo(np.float32).max
    if too_large.any():
        raise DataError(
            f"column {name!r} has values that are infinite or too large, such as {numbers[too_large][0]:g}"
        )


def _fit_numeric(name: str, numbers: Array) -> Numeric:
    known = numbers[~np.isnan(numbers)]
    _check_range(name, known)
    mean = float(known.mean()) if len(known) else 0.0
    deviation = float(known.std()) if len(known) else 0.0
    # Rounding leaves a tiny deviation to a constant column; dividing by it would blow up a test row that differs.
    constant = deviation <= 1e-12 * max(1.0, abs(mean))
    return Numeric(name, mean, 1.0 if constant else deviation, indicator=len(known) < len(numbers))


def _fit_categorical(name: str, values: Column, max_categories: int, *, meant: bool) -> Categorical:
    categories = sorted({key for key in _keys(values)[1] if key is not None})
    odd = "" if meant else _odd_among_numbers(categories)
    if len(categories) > max_categories:
        what = f"column {name!r} has {len(categories)} different texts, more than max_categories={max_categories}; "
        raise ConfigError(
            what + (odd or "leave it out of `columns`, or raise `max_categories`"),
            path="data.columns",
            value=name,
        )
    if odd:
        logger.warning("column %r is read as %d categories: %s", name, len(categories), odd)
    return Categorical(name, tuple(categories))


def _odd_among_numbers(values: Sequence[object]) -> str:
    """What a column of texts, nearly all of them numbers, may have been meant to be; empty for other columns.

    Args:
        values: Its distinct values, without missing ones.
    """
    texts = [str(value) for value in values]
    odd = [text for text in texts if not _is_number(text)]
    commas = [text for text in odd if _DECIMAL_COMMA.fullmatch(text)]
    if len(commas) >= 10 and len(commas) == len(odd):
        return f"{commas[0]!r} looks like a number with a decimal comma (`decimal: ','`)"
    if odd and len(texts) - len(odd) >= max(10, 9 * len(odd)):
        return f"nearly all are numbers, but {odd[0]!r} is none (`missing: [{odd[0]!r}]` if it stands for no value)"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _keys(values: Column) -> tuple[Array, list[str | None]]:
    """Categories as texts (numbers in their shortest form), None where missing, and which of them each row has (N,)."""
    rows, kinds = distinct(values)
    gone = missing(kinds)
    return rows, [
        None if no else category_text(value) for value, no in zip(kinds, gone, strict=True)
    ]


def _first_text(values: Column) -> str:
    """Number and value of the first row that holds no number."""
    for row, (value, gone) in enumerate(zip(values, missing(values), strict=True)):
        if not gone and (isinstance(value, bool) or as_numbers(values.iloc[row : row + 1]) is None):
            return f"{row} ({value!r})"
    return f"0 ({values.iloc[0]!r})"
