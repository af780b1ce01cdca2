"""The two kinds of columns of a table, as they were fitted: numbers and categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_search.data.preparation.base import RowError
from mtl_search.data.readers import cells
from mtl_search.data.types import Array
from mtl_search.errors import DataError, short


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
            row, value = first_text(values)
            raise RowError(
                f"column {self.name!r} is numeric, but row",
                row,
                f" ({short(value)}) is not a number",
            )
        encoded = np.empty((len(numbers), self.width), np.float32)
        self.write(numbers, encoded)
        return encoded

    def write(self, numbers: Array, encoded: Array) -> None:
        """Encode (N,) float64, NaN where there is none, into (N, 1 or 2) float32.

        Raises:
            DataError: A value is infinite.
        """
        check_range(self.name, numbers)
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
        return all(map(is_number, self.categories))

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
        other = len(known)
        codes, distinct = cells.factorize(values)
        texts = category_texts(distinct)
        numbers = np.array([known.get(text, other) for text in texts], np.int64)
        for place in np.flatnonzero(numbers == other):
            # A data frame may have lost the zeros of a code: 1234 for 01234.
            numbers[place] = self._codes.get(texts[place] or "", other)
        return np.asarray(numbers[codes])

    @property
    def _codes(self) -> dict[str, int]:
        """The number of a code without its zeros → its category, where there is one alone."""
        found: dict[str, list[int]] = {}
        for k, text in enumerate(self.categories):
            if cells.is_code(text) and is_number(text):
                found.setdefault(cells.number_text(float(text)), []).append(k)
        return {text: places[0] for text, places in found.items() if len(places) == 1}


def check_range(name: str, numbers: Array) -> None:
    """Refuse numbers that float32 cannot hold; up to there, squares stay within float64."""
    too_large = np.abs(numbers) > np.finfo(np.float32).max
    if too_large.any():
        raise DataError(
            f"column {name!r} has values that are infinite or too large, such as "
            f"{numbers[too_large][0]:g}"
        )


def is_number(text: str) -> bool:
    """Return whether a text is a number for Python."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def category_texts(distinct: cells.Column) -> list[str | None]:
    """Return the texts of categories, numbers in their shortest form; None where missing."""
    texts: list[str | None] = list(map(cells.category_text, distinct))
    for number in np.flatnonzero(cells.missing_cells(distinct)):
        texts[number] = None
    return texts


def first_text(values: cells.Column) -> tuple[int, object]:
    """Return the number and the value of the first row that holds no number."""
    for row in np.flatnonzero(~cells.missing_cells(values)):
        value = values.iloc[row]
        if isinstance(value, bool) or cells.as_numbers(values.iloc[row : row + 1]) is None:
            return int(row), value
    return 0, values.iloc[0]
