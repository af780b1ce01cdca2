"""Tables for prediction: a frame at a time, with cells as those that training read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.data.readers.cells import MISSING_TEXTS
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.foreign import check_content, unreadable
from mtl_search.data.readers.tables import CSV, PARQUET, csv_frames, table_suffix
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd


def without_missing_texts(frame: pd.DataFrame, csv: CsvFormat) -> pd.DataFrame:
    """Make texts that mean a missing value in a CSV missing: `NA`, `null`, those of its format."""
    from pandas.api.types import is_object_dtype, is_string_dtype

    texts = [*MISSING_TEXTS, *csv.missing]
    changed = {}
    for name in frame.columns:
        column = frame[name]
        if is_object_dtype(column.dtype) or is_string_dtype(column.dtype):
            is_missing = column.isin(texts)
            if is_missing.any():
                changed[name] = column.mask(is_missing)
    return frame.assign(**changed) if changed else frame


def read_batches(
    path: Path, csv: CsvFormat, size: int, inputs: Sequence[str]
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table for prediction; the file may lack the columns of targets.

    Args:
        path: The file.
        csv: How a CSV is written. Decimal commas stay.
        size: The most rows of a frame.
        inputs: The columns that are needed, which are those of a CSV without a header line that
            has as many.

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
            frames = csv_frames(path, separator, csv, size, inputs=tuple(inputs))
        for frame in frames:
            if len(frame):
                named = frame.set_axis(list(map(str, frame.columns)), axis="columns")
                numbers = range(rows, rows + len(frame))
                rows += len(frame)
                yield named.set_axis(numbers, axis="index")
    except ConfigError as error:
        raise DataError(error.problem) from None
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001  pandas and pyarrow raise many kinds on a broken file
        raise unreadable(path, separator, csv.encoding, error) from None
    if not rows:
        raise DataError(f"{path} has no rows")


def _parquet_frames(path: Path, size: int, inputs: Sequence[str]) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        columns = [name for name in names if name in inputs]
        # Without one of them, the message names those that there are.
        chosen = columns if len(columns) == len(inputs) else None
        for batch in file.iter_batches(size, columns=chosen):
            yield batch.to_pandas()
