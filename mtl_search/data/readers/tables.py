"""CSV and Parquet files as tables; the cells of a CSV are texts until what they mean is known."""

from __future__ import annotations

import logging
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.data.readers.cells import MISSING_TEXTS, as_column, as_numbers, plain_text
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.foreign import check_content, unreadable
from mtl_search.data.readers.frames import is_frame, named_frame
from mtl_search.data.readers.paths import find_file
from mtl_search.errors import ConfigError, DataError, short

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

CSV = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET = (".parquet", ".pq")
_OTHER_SEPARATORS = (";", "\t", "|")

# The names of a table's columns → those in which texts such as NA stay as they are.
RawColumns = Callable[[Sequence[str]], Collection[str]]


def read_table(
    argument: str, value: object, csv: CsvFormat, raw: RawColumns | None = None
) -> pd.DataFrame:
    """Read a table from a file, or take a data frame as one.

    Args:
        argument: The argument that names the file, for messages.
        value: The file, or a data frame.
        csv: How a CSV is written.
        raw: Columns in which texts such as NA stay as they are.

    Raises:
        ConfigError: There is no such file, or its cells are not between these separators.
        DataError: The file cannot be read, has no rows, or two columns of one name.
    """
    if is_frame(value):
        split = argument.partition(".")[2]
        return named_frame(f"the data frame of {split}" if split else "the data frame", value)
    path = find_file(argument, value, CSV + PARQUET)
    suffix = table_suffix(path) or (".csv" if csv.names is not None else None)
    if suffix is None or not path.is_file():
        raise ConfigError(
            f"a table is a file that ends in {', '.join(CSV + PARQUET)}",
            path=f"data.{argument}",
            value=value,
        )
    separator = csv.separator or ("\t" if suffix.startswith(".tsv") else ",")
    check_content(path, suffix)
    try:
        frame = _read_parquet(path) if suffix in PARQUET else _read_csv(path, separator, csv, raw)
    except (ConfigError, DataError):
        raise
    except Exception as error:  # noqa: BLE001  pandas and pyarrow raise many kinds on a broken file
        raise unreadable(path, separator, csv.encoding, error) from None
    if frame.empty:
        raise DataError(f"{path} has no rows")
    frame.columns = list(map(plain_text, frame.columns))
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"{path} has two columns called {short(twice)}")
    return frame


def _read_csv(path: Path, separator: str, csv: CsvFormat, raw: RawColumns | None) -> pd.DataFrame:
    """Read a CSV with all cells as texts."""
    frame = next(csv_frames(path, separator, csv, raw=raw))
    return _numbers_with_points(frame) if csv.decimal == "," else frame


def csv_frames(
    path: Path,
    separator: str,
    csv: CsvFormat,
    size: int | None = None,
    *,
    inputs: tuple[str, ...] | None = None,
    raw: RawColumns | None = None,
    types: Mapping[str, str] | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a CSV, with all cells as texts unless `types` says otherwise.

    Left to itself, pandas would read a train row's 1 as 1.0 or "1" by what the test rows hold.

    Args:
        path: The file.
        separator: The text between its cells.
        csv: How else it is written.
        size: The most rows of a frame; None: all of them are one frame.
        inputs: Where it has no header line: the names of its columns if they are as many.
        raw: Columns in which texts such as NA stay as they are.
        types: Column, in its normal form → its type, where it has a header line; cells of others
            are not kept.
    """
    import pandas as pd

    options: dict[str, Any] = {"sep": separator}
    if len(separator) > 1:  # pandas takes it for an expression, which only its slow engine reads
        options = {"sep": re.escape(separator), "engine": "python"}
    options |= {"dtype": str, "skipinitialspace": True, "index_col": False}
    options["encoding"] = csv.encoding
    with _strict():
        first_line = pd.read_csv(path, header=None, nrows=1, na_values=[], **options)
    _check_separator(path, separator, first_line)
    names = None if is_header(list(first_line.iloc[0]), csv.names) else csv.names
    options |= {"header": 0 if names is None else None, "na_values": list(csv.missing)}
    if raw is not None:
        options |= _missing_by_column(first_line, csv, raw, has_header=names is None)
    if types is not None and names is None:
        # The first byte of other cells takes no time, and a line that is too long stays an error.
        plain = {str(cell): plain_text(cell) for cell in first_line.iloc[0]}
        read = {cell: types[name] for cell, name in plain.items() if name in types}
        options["dtype"] = defaultdict(lambda: "S1", read)
    if size is None:
        with _strict():
            frame = pd.read_csv(path, **options)
        yield _named(frame, first_line, path, names, inputs, warn=True)
        return
    is_first = True
    with pd.read_csv(path, chunksize=size, **options) as reader:
        while True:
            with _strict():
                chunk = next(reader, None)
            if chunk is None:
                return
            yield _named(chunk, first_line, path, names, inputs, warn=is_first)
            is_first = False


def _missing_by_column(
    first_line: pd.DataFrame, csv: CsvFormat, raw: RawColumns, *, has_header: bool
) -> dict[str, Any]:
    """Return the options by which texts such as NA are missing in all columns but some."""
    names: dict[Any, str] = {}
    for place, cell in enumerate(first_line.iloc[0]):
        key: Any = str(cell) if has_header else place
        name = csv.names[place] if csv.names and place < len(csv.names) and not has_header else key
        names[key] = plain_text(name)
    as_they_are = raw(list(names.values()))
    missing = {
        key: [*(("",) if name in as_they_are else MISSING_TEXTS), *csv.missing]
        for key, name in names.items()
    }
    return {"na_values": missing, "keep_default_na": False}


def is_header(cells: Sequence[object], names: Sequence[str] | None) -> bool:
    """Return whether the first line names columns: always, unless the config names them.

    Where most cells are those names, it is a header all the same, as of new rows for a model that
    has learnt from a file without one; the others may be misspelt.

    Args:
        cells: The cells of the line.
        names: The names of the columns by the config, if it gives them.
    """
    return names is None or 2 * sum(plain_text(cell) in names for cell in cells) > len(cells)


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
    inputs: tuple[str, ...] | None,
    *,
    warn: bool,
) -> pd.DataFrame:
    """Return a frame of a CSV under the names of its header, or under given ones without header."""
    width = frame.shape[1]
    if names is None:
        return _restore_names(frame, first_line, path, warn=warn)
    if len(names) == width:
        frame.columns = list(names)
    elif inputs is not None and len(inputs) == width:
        frame.columns = list(inputs)
    else:
        of_them = f" ({len(inputs)} of them inputs)" if inputs is not None else ""
        raise DataError(f"`names` has {len(names)} names{of_them}, and {path} has {width} columns")
    return frame


def _check_separator(path: Path, separator: str, first_line: pd.DataFrame) -> None:
    """Refuse a file of one column whose first line has another separator in it."""
    cell = str(first_line.iloc[0, 0])
    others = [mark for mark in _OTHER_SEPARATORS if mark in cell]
    if first_line.shape[1] == 1 and others:
        problem = (
            f"the first line of {path} is one cell, {short(cell)}; should it be {others[0]!r}?"
        )
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
    return not (is_frame(path) or str(path).lower().endswith(PARQUET))


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path).reset_index(drop=True)
