"""Tables for prediction: a frame at a time, with cells as those that training read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.data.readers import cells
from mtl_search.data.readers.cells import MISSING_TEXTS, plain_text
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.foreign import check_content, unreadable
from mtl_search.data.readers.tables import CSV, PARQUET, csv_frames, table_suffix
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd


def without_missing_texts(frame: pd.DataFrame, csv: CsvFormat) -> pd.DataFrame:
    """Make texts that mean a missing value in a CSV missing: `NA`, `null`, those of its format.

    Columns of texts alone become categories, whose rows need not be read again.
    """
    from pandas.api.types import is_object_dtype, is_string_dtype

    texts = [*MISSING_TEXTS, *csv.missing]
    changed: dict[str, Any] = {}
    for name in frame.columns:
        column = frame[name]
        if not (is_object_dtype(column.dtype) or is_string_dtype(column.dtype)):
            continue
        codes, distinct = cells.factorize(column)
        is_missing = distinct.isin(texts) | distinct.isna()
        are_texts = all(isinstance(value, str) for value in distinct[distinct.notna()])
        if are_texts and csv.decimal == ".":
            changed[name] = _categories(codes, distinct, is_missing.to_numpy())
        elif is_missing.any():
            changed[name] = column.mask(is_missing.to_numpy()[codes])
    return frame.assign(**changed) if changed else frame


def _categories(codes: Array, distinct: cells.Column, is_missing: Array) -> Any:
    import pandas as pd

    places = np.where(is_missing, -1, np.cumsum(~is_missing) - 1)
    categories: Any = pd.Index(distinct[~is_missing])
    return pd.Categorical.from_codes(places[codes], categories=categories)


def read_batches(
    path: Path, csv: CsvFormat, size: int, inputs: Sequence[str], numbers: Collection[str] = ()
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table for prediction; the file may lack the columns of targets.

    Args:
        path: The file.
        csv: How a CSV is written. Decimal commas stay.
        size: The most rows of a frame.
        inputs: The columns that are needed, which are those of a CSV without a header line that
            has as many.
        numbers: Those of them that hold numbers.

    Raises:
        DataError: There is no such file, it cannot be read, or it has no rows.
    """
    suffix = table_suffix(path) or (".csv" if csv.names is not None else None)
    if suffix is None or not path.is_file():
        raise DataError(
            f"{path} is no table: an existing file is needed that ends in "
            f"{', '.join(CSV + PARQUET)}"
        )
    separator = csv.separator or ("\t" if suffix.startswith(".tsv") else ",")
    rows = 0
    check_content(path, suffix)
    try:
        if suffix in PARQUET:
            frames = _parquet_frames(path, size, inputs)
        else:
            types = {
                plain_text(name): "float64" if name in numbers else "category" for name in inputs
            }
            frames = _csv_frames(path, separator, csv, size, types)
        for frame in frames:
            if len(frame):
                named = frame.set_axis(list(map(plain_text, frame.columns)), axis="columns")
                index = range(rows, rows + len(frame))
                rows += len(frame)
                yield named.set_axis(index, axis="index")
    except ConfigError as error:
        raise DataError(error.problem) from None
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001  pandas and pyarrow raise many kinds on a broken file
        cure = f"save it as {csv.encoding.upper()}, as the table of the training was"
        raise unreadable(path, separator, csv.encoding, error, cure) from None
    if not rows:
        raise DataError(f"{path} has no rows")


def _csv_frames(
    path: Path,
    separator: str,
    csv: CsvFormat,
    size: int,
    types: Mapping[str, str],
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a CSV; its inputs are numbers and categories, or texts where they must be.

    To make texts of all cells first takes four times as long. Where a cell is not what its column
    should hold, the rows from there on come as texts, which say what is wrong with which row.
    """
    inputs = tuple(types)
    done = 0
    if len(separator) == 1 and csv.decimal == ".":
        with suppress(ValueError, TypeError):
            for frame in csv_frames(path, separator, csv, size, inputs=inputs, types=types):
                done += 1
                yield frame
            return
    yield from islice(csv_frames(path, separator, csv, size, inputs=inputs), done, None)


def _parquet_frames(path: Path, size: int, inputs: Sequence[str]) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        needed = set(map(plain_text, inputs))
        columns = [name for name in names if plain_text(name) in needed]
        # Without one of them, the message names those that there are.
        chosen = columns if len(columns) == len(inputs) else None
        for batch in file.iter_batches(size, columns=chosen):
            yield batch.to_pandas()
