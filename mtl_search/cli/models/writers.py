"""Frames into a file, one after the other: CSV, Parquet, JSON, JSON by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.errors import ConfigError
from mtl_search.storage.atomic import replace_file

if TYPE_CHECKING:
    import pandas as pd

# Writes a frame and returns the number of its rows.
Add = Callable[["pd.DataFrame"], int]
Writer = Callable[[Path], AbstractContextManager[Add]]


def writer(path: Path) -> Writer:
    """Return what writes frames into a file, by the file's ending.

    Raises:
        ConfigError: It has another ending, or its folder does not exist.
    """
    for suffix, write in _WRITERS.items():
        if path.name.lower().endswith(suffix):
            if not path.parent.is_dir():
                raise ConfigError("there is no such folder", path="--output", value=str(path))
            return write
    raise ConfigError(
        "no format has this ending", path="--output", value=str(path), allowed=_WRITERS
    )


def cell_text(value: Any) -> str:
    """Return a value as a cell shows it.

    Examples:
        >>> cell_text("cat"), cell_text(0.123456), cell_text(["a", "b"])
        ('cat', '0.1235', '["a", "b"]')
    """
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:.4g}" if isinstance(value, float) or hasattr(value, "dtype") else str(value)


@contextmanager
def _csv(path: Path) -> Iterator[Add]:
    with replace_file(path) as new, new.open("w", encoding="utf-8", newline="") as file:
        is_first = True

        def add(frame: pd.DataFrame) -> int:
            nonlocal is_first
            _with_texts(frame).to_csv(file, index_label="row", header=is_first)
            is_first = False
            return len(frame)

        yield add


@contextmanager
def _parquet(path: Path) -> Iterator[Add]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with replace_file(path) as new:
        file: pq.ParquetWriter | None = None

        def add(frame: pd.DataFrame) -> int:
            nonlocal file
            named = _with_texts(frame).rename_axis("row").reset_index()
            table = pa.Table.from_pandas(named, preserve_index=False)
            if file is None:
                file = pq.ParquetWriter(new, table.schema)
            file.write_table(table.cast(file.schema))
            return len(frame)

        try:
            yield add
        finally:
            if file is not None:
                file.close()


@contextmanager
def _json(path: Path) -> Iterator[Add]:
    with replace_file(path) as new, new.open("w", encoding="utf-8") as file:
        between = "[\n"

        def add(frame: pd.DataFrame) -> int:
            nonlocal between
            for line in _lines(frame):
                file.write(between + line)
                between = ",\n"
            return len(frame)

        yield add
        file.write("\n]\n")


@contextmanager
def _json_lines(path: Path) -> Iterator[Add]:
    with replace_file(path) as new, new.open("w", encoding="utf-8") as file:

        def add(frame: pd.DataFrame) -> int:
            file.writelines(f"{line}\n" for line in _lines(frame))
            return len(frame)

        yield add


def _lines(frame: pd.DataFrame) -> Iterator[str]:
    """Yield each row as JSON."""
    named = frame.rename_axis("row").reset_index()
    for row in named.to_dict("records"):
        plain = {str(key): _plain(value) for key, value in row.items()}
        yield json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    # Seven digits are all that float32 has; as float64, 0.1 would be 0.10000000149011612.
    if isinstance(value, float) or (hasattr(value, "dtype") and value.dtype.kind == "f"):
        return float(f"{value:.7g}")
    return value.item() if hasattr(value, "item") else value


def _with_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with lists as JSON, for files whose cells hold no lists."""
    changed = {}
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object and column.map(lambda value: isinstance(value, list)).any():
            changed[name] = column.map(lambda value: json.dumps(value, ensure_ascii=False))
    return frame.assign(**changed)


_WRITERS: dict[str, Writer] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json,
    ".jsonl": _json_lines,
}
