"""CSV and Parquet files as tables; the cells of a CSV are texts until what they mean is known."""

from __future__ import annotations

import logging
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.checks import check_choice, check_names, check_text
from mtl_search.data.readers.cells import as_column, as_numbers
from mtl_search.data.readers.paths import find_file
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

CSV = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET = (".parquet", ".pq")
_OTHER_SEPARATORS = (";", "\t", "|")


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV is written; `of` makes it from the arguments of a data set.

    Attributes:
        separator: The text between cells; None: comma, or tab in a `.tsv`.
        decimal: The decimal mark, a point or a comma.
        missing: Texts that mean a missing value, beside those that pandas knows.
        names: The names of the columns, for a file without a header line, which may then have any
            suffix. A first line most of whose cells are these names is a header all the same.
    """

    separator: str | None = None
    decimal: str = "."
    missing: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, *, separator: object, decimal: object, missing: object, names: object = None
    ) -> CsvFormat:
        """Check the arguments of a data set, whose names these are.

        Raises:
            ConfigError: One of them is wrong.
        """
        return cls(
            None if separator is None else check_text(separator, "data.separator"),
            check_choice(str(decimal), "data.decimal", (".", ","), "mark"),
            () if missing in ([], ()) else check_names(missing, "data.missing"),
            None if names is None else check_names(names, "data.names"),
        )

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> CsvFormat:
        """Read the attributes from JSON, which has lists in place of tuples."""
        attributes: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in tree.items()
        }
        return cls(**attributes)


def read_table(argument: str, value: object, csv: CsvFormat) -> pd.DataFrame:
    """Read a table from a file.

    Args:
        argument: The argument that names the file, for messages.
        value: The file.
        csv: How a CSV is written.

    Raises:
        ConfigError: There is no such file, or its cells are not between these separators.
        DataError: The file cannot be read, has no rows, or two columns of one name.
    """
    path = find_file(argument, value, CSV + PARQUET)
    suffix = table_suffix(path) or (".csv" if csv.names is not None else None)
    if suffix is None or not path.is_file():
        raise ConfigError(
            f"a table is a file that ends in {', '.join(CSV + PARQUET)}",
            path=f"data.{argument}",
            value=value,
        )
    separator = csv.separator or ("\t" if suffix.startswith(".tsv") else ",")
    try:
        frame = _read_parquet(path) if suffix in PARQUET else _read_csv(path, separator, csv)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  pandas and pyarrow raise many kinds on a broken file
        raise unreadable(path, separator, error) from None
    if frame.empty:
        raise DataError(f"{path} has no rows")
    frame.columns = list(map(str, frame.columns))
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"{path} has two columns called {twice!r}")
    return frame


def _read_csv(path: Path, separator: str, csv: CsvFormat) -> pd.DataFrame:
    """Read a CSV with all cells as texts."""
    frame = next(csv_frames(path, separator, csv))
    return _numbers_with_points(frame) if csv.decimal == "," else frame


def csv_frames(
    path: Path,
    separator: str,
    csv: CsvFormat,
    size: int | None = None,
    short: tuple[str, ...] | None = None,
    *,
    types: Mapping[str, str] | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a CSV, with all cells as texts unless `types` says otherwise.

    Left to itself, pandas would read a train row's 1 as 1.0 or "1" by what the test rows hold.

    Args:
        path: The file.
        separator: The text between its cells.
        csv: How else it is written.
        size: The most rows of a frame; None: all of them are one frame.
        short: Where it has no header line: the names of its columns if they are as many.
        types: Column → its type, where it has a header line; cells of others are not kept.
    """
    import pandas as pd

    options: dict[str, Any] = {"sep": separator}
    if len(separator) > 1:  # pandas takes it for an expression, which only its slow engine reads
        options = {"sep": re.escape(separator), "engine": "python"}
    options |= {"dtype": str, "skipinitialspace": True, "index_col": False}
    with _strict():
        first_line = pd.read_csv(path, header=None, nrows=1, na_values=[], **options)
    _check_separator(path, separator, first_line)
    names = None if _is_header(first_line, csv.names) else csv.names
    options |= {"header": 0 if names is None else None, "na_values": list(csv.missing)}
    if types is not None and names is None:
        # The first byte of other cells takes no time, and a line that is too long stays an error.
        options["dtype"] = defaultdict(lambda: "S1", types)
    if size is None:
        with _strict():
            frame = pd.read_csv(path, **options)
        yield _named(frame, first_line, path, names, short, warn=True)
        return
    is_first = True
    with pd.read_csv(path, chunksize=size, **options) as reader:
        while True:
            with _strict():
                chunk = next(reader, None)
            if chunk is None:
                return
            yield _named(chunk, first_line, path, names, short, warn=is_first)
            is_first = False


def _is_header(first_line: pd.DataFrame, names: tuple[str, ...] | None) -> bool:
    """Return whether the first line names columns: always, unless the config names them.

    Where most cells are those names, it is a header all the same, as of new rows for a model that
    has learnt from a file without one; the others may be misspelt.
    """
    if names is None:
        return True
    cells = first_line.iloc[0].astype(str).str.strip()
    return bool(cells.isin(names).mean() > 0.5)


@contextmanager
def _strict() -> Iterator[None]:
    """Turn the warning of rows that are longer than the header into an error."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        yield


def _named(
    frame: pd.DataFrame,
    first_line: pd.DataFrame,
    path: Path,
    names: tuple[str, ...] | None,
    short: tuple[str, ...] | None,
    *,
    warn: bool,
) -> pd.DataFrame:
    """Return a frame of a CSV under the names of its header, or under given ones without header."""
    width = frame.shape[1]
    if names is None:
        return _restore_names(frame, first_line, path, warn=warn)
    if len(names) == width:
        frame.columns = list(names)
    elif short is not None and len(short) == width:
        frame.columns = list(short)
    else:
        inputs = f" ({len(short)} of them inputs)" if short is not None else ""
        raise ValueError(
            f"`names` has {len(names)} names{inputs}, and the file has {width} columns"
        )
    return frame


def _check_separator(path: Path, separator: str, first_line: pd.DataFrame) -> None:
    """Refuse a file of one column whose first line has another separator in it."""
    cell = str(first_line.iloc[0, 0])
    others = [mark for mark in _OTHER_SEPARATORS if mark in cell]
    if first_line.shape[1] == 1 and others:
        problem = f"the first line of {path} is one cell, {cell!r}; should it be {others[0]!r}?"
        raise ConfigError(problem, path="data.separator", value=separator)


def _restore_names(
    frame: pd.DataFrame, first_line: pd.DataFrame, path: Path, *, warn: bool
) -> pd.DataFrame:
    """Give the columns the names of the first line, and leave out those without a name.

    pandas renames a second `a` to `a.1`, and makes up a name where there is none.
    """
    if first_line.shape[1] != frame.shape[1]:
        return frame
    names = first_line.iloc[0]
    frame.columns = np.where(names.notna(), names.astype(str), frame.columns).tolist()
    has_name = names.notna().to_numpy()
    if has_name.any() and not has_name.all():
        listed = ", ".join(map(str, np.flatnonzero(~has_name) + 1))
        if warn:
            logger.warning("column %s of %s has no name, and is left out", listed, path)
        frame = frame.iloc[:, np.flatnonzero(has_name)]
    return frame


def _numbers_with_points(frame: pd.DataFrame) -> pd.DataFrame:
    """Write columns of numbers with decimal commas with points instead."""
    changed = []
    for name in frame.columns:
        pointed = frame[name].str.replace(",", ".", regex=False)
        if as_numbers(as_column(pointed)) is not None:
            changed.append(str(name))
    return with_points(frame, changed)


def with_points(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Write the texts of some columns with points instead of decimal commas."""
    from pandas.api.types import is_object_dtype, is_string_dtype

    changed = {}
    for name in columns:
        column = frame[name]
        if is_object_dtype(column.dtype):
            changed[name] = column.map(_pointed)
        elif is_string_dtype(column.dtype):
            changed[name] = column.str.replace(",", ".", regex=False)
    return frame.assign(**changed)


def _pointed(cell: Any) -> Any:
    return cell.replace(",", ".") if isinstance(cell, str) else cell


def table_suffix(path: Path) -> str | None:
    """Return the ending by which a file is known as a table; None for other files."""
    name = path.name.lower()
    return next((suffix for suffix in CSV + PARQUET if name.endswith(suffix)), None)


def is_csv(path: object) -> bool:
    """Return whether a table's cells are texts, as those of any file but Parquet are.

    Args:
        path: The file, or one for each split.
    """
    if isinstance(path, Mapping):
        return any(map(is_csv, path.values()))
    return not str(path).lower().endswith(PARQUET)


def unreadable(path: Path, separator: str, error: Exception) -> DataError:
    """Return the error of a file that pandas cannot read."""
    problem = f"cannot read {path}: {type(error).__name__}: {str(error).strip()}"
    if type(error).__name__ in ("ParserError", "ParserWarning"):
        problem += f" (cells end with {separator!r}: `separator`)"
    return DataError(problem)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path).reset_index(drop=True)
