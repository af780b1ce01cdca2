"""Tables a frame at a time, with and without a header."""

from __future__ import annotations

import importlib
from pathlib import Path

import pandas as pd
import pytest

from mtl_search.data.readers.cells import MISSING_TEXTS
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.table_batches import (
    read_batches,
    without_missing_texts,
)
from mtl_search.errors import DataError


def test_the_texts_are_those_of_pandas() -> None:
    known = importlib.import_module("pandas._libs.parsers").STR_NA_VALUES

    assert set(MISSING_TEXTS) == known
    frame = pd.DataFrame({"a": ["x", "NA", "?"], "b": [1, 2, 3]})
    cleaned = without_missing_texts(frame, CsvFormat(missing=("?",)))
    assert cleaned["a"].isna().tolist() == [False, True, True]
    assert cleaned["b"].tolist() == [1, 2, 3]


def test_a_file_without_header_is_known_by_its_width(tmp_path: Path) -> None:
    csv = CsvFormat(names=("y", "a", "b"))
    (tmp_path / "full.data").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "inputs.csv").write_text("2,3\n5,6\n")
    for name in ("full.data", "inputs.csv"):
        first, second = read_batches(tmp_path / name, csv, 1, ["a", "b"])
        assert first[["a", "b"]].to_numpy().tolist() == [["2", "3"]]
        assert list(second.index) == [1]
    (tmp_path / "wide.csv").write_text("1,2,3,4\n")
    with pytest.raises(DataError, match=r"3 names \(2 of them inputs\), and .*wide.csv has 4"):
        list(read_batches(tmp_path / "wide.csv", csv, 1, ["a", "b"]))


def test_mistakes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\n1;2\n")
    (tmp_path / "empty.csv").write_text("a,b\n")
    (tmp_path / "a.parquet").write_text("no parquet")
    for name, problem in [
        ("no.csv", "is no table"),
        ("a.csv", "should it be ';'"),
        ("empty.csv", "has no rows"),
        ("a.parquet", "no Parquet file"),
    ]:
        with pytest.raises(DataError, match=problem):
            list(read_batches(tmp_path / name, CsvFormat(), 5, ["a"]))
