"""Data frames that a program hands over, in the form of those that are read from files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtl_search.data.readers.cells import plain_text
from mtl_search.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def is_frame(value: object) -> bool:
    """Return whether a value is a data frame of pandas, without importing pandas."""
    return hasattr(value, "iloc") and hasattr(value, "columns")


def named_frame(argument: str, frame: Any) -> pd.DataFrame:
    """Return a data frame with texts as names of its columns, and rows from 0.

    Args:
        argument: What to call it in messages.
        frame: The data frame, which stays as it is.

    Raises:
        DataError: It has no rows, several levels of names, or two columns of one name.

    Examples:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({1: [0.5, 2.0], "b ": ["x", "y"]}, index=[7, 9])
        >>> named_frame("frame", frame).columns.tolist()
        ['1', 'b']
    """
    if frame.columns.nlevels > 1:
        raise DataError(
            f"the columns of {argument} have {frame.columns.nlevels} levels of names; join them, "
            "as by `frame.columns = ['_'.join(map(str, x)) for x in frame.columns]`"
        )
    if frame.empty:
        raise DataError(f"{argument} has no rows")
    names = list(map(plain_text, frame.columns))
    named: pd.DataFrame = frame.set_axis(names, axis="columns").reset_index(drop=True)
    if not named.columns.is_unique:
        twice = named.columns[named.columns.duplicated()][0]
        raise DataError(f"{argument} has two columns called {twice!r}")
    return named
