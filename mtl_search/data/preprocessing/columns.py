"""Columns of a table → one (N, W) float32 input; everything is fitted on the train rows only."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.preparation.base import RowError
from mtl_search.data.readers import cells
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd


logger = logging.getLogger(__name__)

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class Numeric:
    """A column of numbers, standardised to mean 0 and standard deviation 1 on the train rows.

    A missing value becomes the mean, that is 0.

    Attributes:
        name: The name of the column.
        mean: The mean of the train rows.
        deviation: The standard deviation of the train rows; 1 for a constant column.
        indicator: Whether a second column marks missing values, as it does where train rows have
            some.
    """

    name: str
    mean: float
    deviation: float
    indicator: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that it becomes."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    @property
    def width(self) -> int:
        """The number of columns that it becomes."""
        return 2 if self.indicator else 1

    def transform(self, values: cells.Column) -> Array:
        """Encode (N,) values as (N, 1 or 2) float32.

        Raises:
            RowError: A value is not a number.
            DataError: A value is infinite.
        """
        numbers = cells.as_numbers(values)
        if numbers is None:
            row, value = _first_text(values)
            raise RowError(
                f"column {self.name!r} is numeric, but row", row, f" ({value!r}) is not a number"
            )
        encoded = np.empty((len(numbers), self.width), np.float32)
        self.write(numbers, encoded)
        return encoded

    def write(self, numbers: Array, encoded: Array) -> None:
        """Encode (N,) float64, NaN where there is none, into (N, 1 or 2) float32.

        Raises:
            DataError: A value is infinite.
        """
        _check_range(self.name, numbers)
        is_missing = np.isnan(numbers)
        scaled = (numbers - self.mean) / self.deviation
        if is_missing.any():
            scaled[is_missing] = 0.0
        # A number too large for float32 becomes infinite, which is refused later.
        with np.errstate(over="ignore"):
            encoded[:, 0] = scaled
        if self.indicator:
            encoded[:, 1] = is_missing


@dataclass(frozen=True)
class Categorical:
    """A column of categories, one-hot, with one more column for missing or unknown ones.

    Attributes:
        name: The name of the column.
        categories: The categories of the train rows.
    """

    name: str
    categories: tuple[str, ...]

    @property
    def is_all_numbers(self) -> bool:
        """Whether every category is the text of a number."""
        return all(map(_is_number, self.categories))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that it becomes."""
        return (*(f"{self.name}={category}" for category in self.categories), f"{self.name} other")

    @property
    def width(self) -> int:
        """The number of columns that it becomes."""
        return len(self.categories) + 1

    def transform(self, values: cells.Column) -> Array:
        """Encode (N,) values as (N, categories + 1) float32."""
        return np.eye(self.width, dtype=np.float32)[self.numbers(values)]

    def numbers(self, values: cells.Column) -> Array:
        """Return the number of the category of each row, (N,): the last one for all others."""
        known: dict[str | None, int] = {text: k for k, text in enumerate(self.categories)}
        codes, texts = _categories(values)
        return np.array([known.get(text, len(known)) for text in texts], np.int64)[codes]


@dataclass(frozen=True)
class TableEncoder:
    """All input columns of a table, one beside the other.

    Attributes:
        columns: The fitted columns in their order.
    """

    columns: tuple[Numeric | Categorical, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the W columns of the input."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def width(self) -> int:
        """The number of columns W of the input."""
        return sum(column.width for column in self.columns)

    def transform(self, frame: pd.DataFrame) -> Array:
        """Encode the rows of a table as (N, W) float32."""
        encoded = np.zeros((len(frame), self.width), np.float32)
        numbers = self._numbers(frame)
        cell_of_row = np.arange(len(frame)) * encoded.shape[1]
        end = 0
        for column in self.columns:
            start = end
            end += column.width
            if column.name in numbers:
                assert isinstance(column, Numeric)
                column.write(numbers[column.name], encoded[:, start:end])
            elif isinstance(column, Numeric):
                encoded[:, start:end] = column.transform(cells.as_column(frame[column.name]))
            else:
                chosen = column.numbers(cells.as_column(frame[column.name]))
                encoded.reshape(-1)[cell_of_row + (start + chosen)] = 1.0
        return encoded

    def _numbers(self, frame: pd.DataFrame) -> dict[str, Array]:
        """Return the columns that numpy holds as numbers, which are read all at once."""
        dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
        names = []
        for column in self.columns:
            dtype = dtypes.get(column.name)
            is_plain = isinstance(dtype, np.dtype) and dtype.kind in "fiu"
            if is_plain and isinstance(column, Numeric):
                names.append(column.name)
        block = frame[names].to_numpy(np.float64)
        return {name: block[:, k] for k, name in enumerate(names)}


def fit_columns(
    train: pd.DataFrame,
    names: Sequence[str],
    categorical: Sequence[str] | None,
    max_categories: int,
) -> TableEncoder:
    """Fit an encoder to the train rows.

    Args:
        train: The train rows alone: no other row may influence the encoder.
        names: The input columns, in order.
        categorical: The columns that hold categories; None: those that hold anything but numbers.
        max_categories: A column with more categories is refused, since it is most likely an
            identifier or free text.

    Raises:
        ConfigError: A column has too many categories.
        DataError: A column that is not categorical holds something other than numbers.
    """
    columns: list[Numeric | Categorical] = []
    for name in names:
        values = cells.as_column(train[name])
        numbers = cells.as_numbers(values)
        is_categorical = numbers is None if categorical is None else name in categorical
        if is_categorical:
            chosen = categorical is not None
            columns.append(_fit_categorical(name, values, max_categories, chosen=chosen))
        elif numbers is None:
            row, value = _first_text(values)
            raise DataError(
                f"column {name!r} is not among the categorical ones, but row {row} ({value!r}) is "
                "not a number"
            )
        else:
            columns.append(_fit_numeric(name, numbers))
    return TableEncoder(tuple(columns))


def _check_range(name: str, numbers: Array) -> None:
    """Refuse numbers that float32 cannot hold; up to there, squares stay within float64."""
    too_large = np.abs(numbers) > np.finfo(np.float32).max
    if too_large.any():
        raise DataError(
            f"column {name!r} has values that are infinite or too large, such as "
            f"{numbers[too_large][0]:g}"
        )


def _fit_numeric(name: str, numbers: Array) -> Numeric:
    present = numbers[~np.isnan(numbers)]
    _check_range(name, present)
    mean = 0.0
    deviation = 0.0
    if len(present):
        mean = float(present.mean())
        deviation = float(present.std())
    # Rounding leaves a constant column a tiny deviation; dividing by it would blow up a test row
    # that differs.
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        deviation = 1.0
    return Numeric(name, mean, deviation, indicator=len(present) < len(numbers))


def _fit_categorical(
    name: str, values: cells.Column, max_categories: int, *, chosen: bool
) -> Categorical:
    """Fit a column of categories.

    Args:
        name: The name of the column.
        values: The train rows.
        max_categories: The most categories allowed.
        chosen: Whether the config names the column as categorical. If not, a column that is nearly
            numeric is reported.
    """
    categories = sorted({text for text in _categories(values)[1] if text is not None})
    hint = "" if chosen else _hint_for_nearly_numeric(categories)
    if len(categories) > max_categories:
        raise ConfigError(
            f"column {name!r} has {len(categories)} different texts, more than "
            f"max_categories={max_categories}; "
            + (hint or "leave it out of `columns`, or raise `max_categories`"),
            path="data.columns",
            value=name,
        )
    if hint:
        logger.warning("column %r is read as %d categories: %s", name, len(categories), hint)
    return Categorical(name, tuple(categories))


def _hint_for_nearly_numeric(categories: Sequence[str]) -> str:
    """Say which argument would make numbers of a column of texts, nearly all of them numbers.

    Args:
        categories: The column's different values, without missing ones.

    Returns:
        The hint; empty for other columns.
    """
    others = [text for text in categories if not _is_number(text)]
    commas = [text for text in others if _DECIMAL_COMMA.fullmatch(text)]
    if len(commas) >= 10 and len(commas) == len(others):
        return f"{commas[0]!r} looks like a number with a decimal comma (`decimal: ','`)"
    if others and len(categories) - len(others) >= max(10, 9 * len(others)):
        return (
            f"nearly all are numbers, but {others[0]!r} is none (`missing: [{others[0]!r}]` if it "
            "stands for no value)"
        )
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _categories(values: cells.Column) -> tuple[Array, list[str | None]]:
    """Return which of the different categories each row has, (N,), and their texts.

    Numbers are in their shortest form, and a missing value is None.
    """
    codes, distinct = cells.factorize(values)
    texts: list[str | None] = list(map(cells.category_text, distinct))
    for number in np.flatnonzero(cells.missing_cells(distinct)):
        texts[number] = None
    return codes, texts


def _first_text(values: cells.Column) -> tuple[int, object]:
    """Return the number and the value of the first row that holds no number."""
    for row in np.flatnonzero(~cells.missing_cells(values)):
        value = values.iloc[row]
        if isinstance(value, bool) or cells.as_numbers(values.iloc[row : row + 1]) is None:
            return int(row), value
    return 0, values.iloc[0]
