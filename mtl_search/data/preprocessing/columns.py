"""Columns of a table → one (N, W) float32 input; everything is fitted on the train rows only."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.preparation.base import RowError
from mtl_search.data.preprocessing.column_types import (
    Categorical,
    Numeric,
    category_texts,
    check_range,
    first_text,
    is_number,
)
from mtl_search.data.preprocessing.written import written_form
from mtl_search.data.readers import cells
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, short

if TYPE_CHECKING:
    import pandas as pd


logger = logging.getLogger(__name__)

# A column of numbers or dates as texts with so many different ones is no column of categories.
_MANY_TEXTS = 10
_CODE = re.compile("0[0-9]{2,}")


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
            row, value = first_text(values)
            raise RowError(
                f"column {name!r} is not among the categorical ones, but row",
                int(train.index[row]),
                f" ({short(value)}) is not a number",
            )
        else:
            _tell_codes(name, values)
            columns.append(_fit_numeric(name, numbers))
    return TableEncoder(tuple(columns))


def _fit_numeric(name: str, numbers: Array) -> Numeric:
    present = numbers[~np.isnan(numbers)]
    check_range(name, present)
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
    categories = sorted({text for text in category_texts(cells.factorize(values)[1]) if text})
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
    others = [text for text in categories if not is_number(text)]
    if others and len(categories) - len(others) >= max(10, 9 * len(others)):
        shown = short(others[0])
        return (
            f"nearly all are numbers, but {shown} is none (`missing: [{shown}]` if it stands for "
            "no value)"
        )
    return ""
