"""Which rows of a table belong to which split, and columns that must be full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.config.checks import check_choice, check_text
from mtl_search.data.dataset import Target
from mtl_search.data.datasets.split_options import SplitOptions
from mtl_search.data.preparation.base import RowError
from mtl_search.data.readers.cells import as_column, category_numbers, missing_cells, plain_text
from mtl_search.data.types import SPLITS, Array
from mtl_search.errors import short

if TYPE_CHECKING:
    import pandas as pd


def check_full_column(frame: pd.DataFrame, argument: str, column: object) -> None:
    """Check that a column exists and has no empty cell.

    Args:
        frame: The table.
        argument: The argument that names the column, for messages.
        column: The column.

    Raises:
        ConfigError: There is no such column.
        DataError: A cell is empty.
    """
    path = f"data.{argument}"
    name = check_choice(plain_text(check_text(column, path)), path, frame.columns, "column")
    is_missing = missing_cells(as_column(frame[name]))
    if is_missing.any():
        row = int(is_missing.argmax())
        raise RowError(f"the {argument} column {name!r} has empty cells, the first in row", row, "")


def split_table(
    frame: pd.DataFrame, options: SplitOptions, targets: Mapping[str, Target], rows: Array
) -> dict[str, Array]:
    """Split some rows of a table, by a column or at random.

    Args:
        frame: The table.
        options: How to split.
        targets: The targets of all rows of the table.
        rows: Sorted numbers of the rows to split.
    """
    if options.column is not None:
        splits = _splits_by_column(frame, options.column)
        return {name: np.intersect1d(numbers, rows) for name, numbers in splits.items()}
    labels = options.labels(targets)
    if labels is not None:
        labels = labels[rows]
    groups = None
    if options.group is not None:
        groups = category_numbers(as_column(frame[options.group]))[rows]
    splits = options.rows(len(rows), labels, groups)
    return {name: rows[positions] for name, positions in splits.items()}


def _splits_by_column(frame: pd.DataFrame, column: str) -> dict[str, Array]:
    values = frame[column].astype(str).str.strip().to_numpy(dtype=object)
    is_unknown = ~np.isin(values, list(SPLITS))
    if is_unknown.any():
        row = int(is_unknown.argmax())
        raise RowError(
            f"data.split: the column {column!r} must say {', '.join(SPLITS)} in every row, but row",
            row,
            f" has {short(frame[column].iloc[row])}",
        )
    return {name: np.flatnonzero(values == name) for name in SPLITS}
