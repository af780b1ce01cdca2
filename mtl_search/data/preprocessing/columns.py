"""Columns of a table → one (N, W) float32 input; everything is fitted on the train rows only."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.preparation.base import RowError
from mtl_search.data.preprocessing.written import written_form
from mtl_search.data.readers import cells
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError, short

if TYPE_CHECKING:
    import pandas as pd


logger = logging.getLogger(__name__)

# A column of numbers or dates as texts with so many different ones is no column of categories.
_MANY_TEXTS = 10
_CODE = re.compile("0[0-9]{2,}")


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
                f"column {self.name!r} is numeric, but row",
                row,
                f" ({short(value)}) is not a number",
            )
        _check_range(self.name, numbers)
        is_missing = np.isnan(numbers)
        columns = [np.where(is_missing, 0.0, (numbers - self.mean) / self.deviation)]
        if self.indicator:
            columns.append(is_missing)
        # A number too large for float32 becomes infinite, which is refused later.
        with np.errstate(over="ignore"):
            return np.stack(columns, axis=1).astype(np.float32)


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

    def transform(self, values: cells.Column) -> Array:
        """Encode (N,) values as (N, categories + 1) float32."""
        numbers: dict[str | None, int] = {text: k for k, text in enumerate(self.categories)}
        other = len(numbers)
        codes, distinct = cells.factorize(values)
        texts = _category_texts(distinct)
        columns = np.array([numbers.get(text, other) for text in texts], np.int64)
        for place in np.flatnonzero(columns == other):
            # A data frame may have lost the zeros of a code: 1234 for 01234.
            columns[place] = self._codes.get(texts[place] or "", other)
        return np.eye(other + 1, dtype=np.float32)[columns[codes]]

    @property
    def _codes(self) -> dict[str, int]:
        """The number of a code without its zeros → its category, where there is one alone."""
        found: dict[str, list[int]] = {}
        for k, text in enumerate(self.categories):
            if cells.is_code(text) and _is_number(text):
                found.setdefault(cells.number_text(float(text)), []).append(k)
        return {text: places[0] for text, places in found.items() if len(places) == 1}


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

    def transform(self, frame: pd.DataFrame) -> Array:
        """Encode the rows of a table as (N, W) float32."""
        encoded = [x.transform(cells.as_column(frame[x.name])) for x in self.columns]
        return np.concatenate(encoded, axis=1)


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
            raise RowError(
                f"column {name!r} is not among the categorical ones, but row",
                int(train.index[row]),
                f" ({short(value)}) is not a number",
            )
        else:
            _tell_codes(name, values)
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
    categories = sorted({text for text in _category_texts(cells.factorize(values)[1]) if text})
    hint = ""
    if not chosen:
        _check_written(name, categories)
        hint = _hint_for_nearly_numeric(categories)
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


def _check_written(name: str, categories: Sequence[str]) -> None:
    """Refuse many numbers or dates that are texts, and warn of few.

    Raises:
        ConfigError: There are many.
    """
    form = written_form(categories)
    if form is None:
        return
    written, cure = form
    what = f"{written} such as {short(categories[0])}: {cure}"
    if len(categories) >= _MANY_TEXTS:
        raise ConfigError(
            f"column {name!r} holds {len(categories)} {what}; leave it out by `ignore`, or name it "
            "in `categorical`, beside all other columns of categories",
            path="data.columns",
            value=name,
        )
    logger.warning("column %r is read as %d categories; these are %s", name, len(categories), what)


def _tell_codes(name: str, values: cells.Column) -> None:
    """Warn of numbers that begin with 0, as codes of three digits and more do."""
    texts = cells.factorize(values)[1]
    code = next((x for x in texts if isinstance(x, str) and _CODE.fullmatch(x.strip())), None)
    if code is not None:
        logger.warning(
            "column %r is read as numbers, of which some begin with 0, such as %s; where they are "
            "codes, name it in `categorical`", name, short(code),
        )  # fmt: skip


def _hint_for_nearly_numeric(categories: Sequence[str]) -> str:
    """Say which argument would make numbers of a column of texts, nearly all of them numbers.

    Args:
        categories: The column's different values, without missing ones.

    Returns:
        The hint; empty for other columns.
    """
    others = [text for text in categories if not _is_number(text)]
    if others and len(categories) - len(others) >= max(10, 9 * len(others)):
        shown = short(others[0])
        return (
            f"nearly all are numbers, but {shown} is none (`missing: [{shown}]` if it stands for "
            "no value)"
        )
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _category_texts(distinct: cells.Column) -> list[str | None]:
    """Return the texts of categories, numbers in their shortest form; None where missing."""
    texts: list[str | None] = list(map(cells.category_text, distinct))
    for number in np.flatnonzero(cells.missing_cells(distinct)):
        texts[number] = None
    return texts


def _first_text(values: cells.Column) -> tuple[int, object]:
    """Return the number and the value of the first row that holds no number."""
    for row in np.flatnonzero(~cells.missing_cells(values)):
        value = values.iloc[row]
        if isinstance(value, bool) or cells.as_numbers(values.iloc[row : row + 1]) is None:
            return int(row), value
    return 0, values.iloc[0]
