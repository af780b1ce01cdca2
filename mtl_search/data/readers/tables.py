"""CSV and Parquet files as tables; the cells of a CSV are texts until what they mean is known."""

from __future__ import annotations

import logging
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.config.checks import check_choice, check_names, check_text
from mtl_search.data.readers.cells import as_column, as_numbers
from mtl_search.data.readers.paths import find_file
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

_CSV = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_PARQUET = (".parquet", ".pq")
_OTHERS = (";", "\t", "|")


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV is written.

    Attributes:
        separator: Between cells; None: comma, or tab in a `.tsv`.
        decimal: Point or comma of numbers.
        missing: Texts that stand for no value, beside those that pandas knows.
        names: Of the columns, for a file without a line of them; it may then be called anything.
    """

    separator: str | None = None
    decimal: str = "."
    missing: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None


def csv_format(
    separator: object = None, decimal: object = ".", missing: object = (), names: object = None
) -> CsvFormat:
    """The style that arguments of a data set give.

    Raises:
        ConfigError: One of them is wrong.
    """
    if separator is not None:
        check_text(separator, "data.separator")
    check_choice(str(decimal), "data.decimal", (".", ","), "mark")
    kept = () if missing in ([], ()) else check_names(missing, "data.missing")
    listed = None if names is None else check_names(names, "data.names")
    return CsvFormat(None if separator is None else str(separator), str(decimal), kept, listed)


def read_table(name: str, value: object, written: CsvFormat) -> pd.DataFrame:
    """A table of a file.

    Args:
        name: The argument, for messages.
        value: The file.
        written: How, for a CSV.

    Raises:
        ConfigError: There is no such file, or its cells are not between these separators.
        DataError: It cannot be read, has no rows, or two columns of one name.
    """
    path = find_file(name, value, _CSV + _PARQUET)
    kind = next((suffix for suffix in _CSV + _PARQUET if path.name.lower().endswith(suffix)), None)
    if kind is None and written.names is not None:
        kind = ".csv"
    if kind is None or not path.is_file():
        raise ConfigError(
            f"a table is a file that ends in {', '.join(_CSV + _PARQUET)}",
            path=f"data.{name}",
            value=value,
        )
    separator = written.separator or ("\t" if kind.startswith(".tsv") else ",")
    try:
        frame = _read_parquet(path) if kind in _PARQUET else _read_csv(path, separator, written)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  pandas and pyarrow raise what they like on a broken file
        what = f"cannot read {path}: {type(error).__name__}: {str(error).strip()}"
        unparsed = type(error).__name__ in ("ParserError", "ParserWarning")
        raise DataError(what + f" (cells end with {separator!r}: `separator`)" * unparsed) from None
    if frame.empty:
        raise DataError(f"{path} has no rows")
    frame.columns = [str(column) for column in frame.columns]
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"{path} has two columns called {twice!r}")
    return frame


def _read_csv(path: Path, separator: str, written: CsvFormat) -> pd.DataFrame:
    """All cells as texts: pandas would otherwise read a train row's 1 as 1.0 or "1" by what a test row holds."""
    import pandas as pd

    # One more than a character is an expression to pandas, and then read by its slow engine.
    how: dict[str, Any] = {"sep": separator}
    if len(separator) > 1:
        how = {"sep": re.escape(separator), "engine": "python"}
    how |= {
        "dtype": str,
        "skipinitialspace": True,
        "index_col": False,
        "na_values": list(written.missing),
    }
    with warnings.catch_warnings():
        warnings.simplefilter(
            "error", pd.errors.ParserWarning
        )  # rows that are longer than the header
        header = pd.read_csv(path, header=None, nrows=1, **how | {"na_values": []})
        _check_separator(path, separator, header)
        frame = pd.read_csv(path, header=0 if written.names is None else None, **how)
    if written.names is None:
        frame = _named(frame, header, path)
    elif len(written.names) != frame.shape[1]:
        raise ValueError(
            f"`names` has {len(written.names)} names, and the file has {frame.shape[1]} columns"
        )
    else:
        frame.columns = list(written.names)
    return _with_points(frame) if written.decimal == "," else frame


def _check_separator(path: Path, separator: str, header: pd.DataFrame) -> None:
    first = str(header.iloc[0, 0])
    if header.shape[1] == 1 and (other := next((mark for mark in _OTHERS if mark in first), None)):
        what = f"the first line of {path} is one cell, {first!r}; should it be {other!r}?"
        raise ConfigError(what, path="data.separator", value=separator)


def _named(frame: pd.DataFrame, header: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The columns as the first line calls them: pandas calls a second `a` `a.1`, and makes up what is not there."""
    if header.shape[1] != frame.shape[1]:
        return frame
    names = header.iloc[0]
    called = zip(names, names.notna(), frame.columns, strict=True)
    frame.columns = [str(name) if known else made for name, known, made in called]
    nameless = [number for number, known in enumerate(names.notna()) if not known]
    if nameless and len(nameless) < frame.shape[1]:
        listed = ", ".join(str(number + 1) for number in nameless)
        logger.warning("column %s of %s has no name, and is left out", listed, path)
        frame = frame.iloc[
            :, [number for number in range(frame.shape[1]) if number not in nameless]
        ]
    return frame


def _with_points(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that hold numbers with decimal commas, with points."""
    changed = {}
    for name in frame.columns:
        pointed = frame[name].str.replace(",", ".", regex=False)
        if as_numbers(as_column(pointed)) is not None:
            changed[name] = pointed
    return frame.assign(**changed)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path).reset_index(drop=True)
