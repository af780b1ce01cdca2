"""Where a row of a table stands: the line of its file, for messages."""

from __future__ import annotations

import csv as csv_module
import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mtl_search.data.preparation.base import RowError
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.tables import PARQUET, is_header, table_suffix
from mtl_search.data.types import Array

_LONGEST_CELL = 1 << 27


@dataclass(frozen=True)
class RowPlaces:
    """The files of a table's rows.

    Attributes:
        files: Each file with its number of rows, in the order of the rows; a text names what is no
            file.
        csv: How a CSV is written.
        rows: Which rows of the files were taken; None: all.
    """

    files: Sequence[tuple[Path | str, int]]
    csv: CsvFormat
    rows: Array | None = None

    @contextmanager
    def told(self) -> Iterator[None]:
        """Let errors of a row of the block tell its line and file."""
        try:
            yield
        except RowError as error:
            raise error.placed(self.place(error.row)) from None

    def place(self, row: int) -> str:
        """Return where a row stands, as `line 19 of t.csv`, or `row 17 of t.parquet`."""
        if self.rows is not None:
            row = int(self.rows[row])
        for path, count in self.files:
            if row < count:
                line = None
                if isinstance(path, Path) and table_suffix(path) not in PARQUET:
                    line = _line(path, row, self.csv)
                return f"line {line} of {path}" if line else f"row {row} of {path}"
            row -= count
        return f"row {row}"


def _line(path: Path, row: int, csv: CsvFormat) -> int | None:
    """Return the line on which a row of a CSV begins, from 1; None where it cannot be told."""
    is_tab = (table_suffix(path) or "").startswith(".tsv")
    separator = csv.separator or ("\t" if is_tab else ",")
    if len(separator) != 1:
        return None
    limit = csv_module.field_size_limit(_LONGEST_CELL)
    try:
        with _opened(path, csv.encoding) as file:
            lines = csv_module.reader(file, delimiter=separator, skipinitialspace=True)
            before, found, is_first = 0, 0, True
            for cells in lines:
                if cells:  # pandas skips empty lines, too
                    if is_first and is_header(cells, csv.names):
                        found = -1
                    elif found == row:
                        return before + 1
                    found += 1
                    is_first = False
                before = lines.line_num
    except (OSError, EOFError, UnicodeError, csv_module.Error):
        return None
    finally:
        csv_module.field_size_limit(limit)
    return None


def _opened(path: Path, encoding: str) -> IO[str]:
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")
