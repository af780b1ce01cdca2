"""Tables a frame at a time, with and without a header."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.readers.cells import (
    MISSING_TEXTS,
    as_column,
    as_numbers,
    category_text,
    factorize,
)
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.table_batches import (
    read_batches,
    without_missing_texts,
)
from mtl_search.errors import DataError


def _category_texts(values: pd.Series[Any]) -> Any:
    codes, distinct = factorize(values)
    return np.array(list(map(category_text, distinct)), str)[codes]


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


def test_numbers_and_categories_are_those_of_texts(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('x,c,y\n1.25,P1,a\n 7 ,"P1 ",b\nNA,,c\n0.1,1.0,d\n-1e-3,café,e\n')
    texts = list(read_batches(file, CsvFormat(separator=","), 2, ["x", "c"]))
    typed = list(read_batches(file, CsvFormat(separator=","), 2, ["x", "c"], {"x"}))
    assert [list(frame.index) for frame in typed] == [[0, 1], [2, 3], [4]]
    numbers = np.concatenate([as_numbers(as_column(frame["x"])) for frame in texts])
    assert np.array_equal(np.concatenate([frame["x"] for frame in typed]), numbers, equal_nan=True)
    for name in ("x", "c"):
        found = [_category_texts(as_column(frame[name])) for frame in typed]
        expected = [_category_texts(as_column(frame[name])) for frame in texts]
        assert np.concatenate(found)[[0, 1, 4]].tolist() == (
            np.concatenate(expected)[[0, 1, 4]].tolist()
        )


def test_a_cell_that_is_no_number_makes_texts_of_the_rows_from_there_on(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = ["1,k", "2,l", "3,k", "four,l", "5,k"]
    file.write_text("x,c\n" + "\n".join(rows) + "\n")
    frames = list(read_batches(file, CsvFormat(), 2, ["x", "c"], {"x"}))
    assert [list(frame.index) for frame in frames] == [[0, 1], [2, 3], [4]]
    assert frames[0]["x"].tolist() == [1.0, 2.0]
    assert frames[1]["x"].tolist() == ["3", "four"]


def test_a_row_with_too_many_cells_is_an_error_in_columns_that_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,unused\n1,a\n2,b,c\n")
    with pytest.raises(DataError, match="cannot read"):
        list(read_batches(file, CsvFormat(), 5, ["x"], {"x"}))


def test_texts_become_categories_and_other_columns_stay() -> None:
    frame = pd.DataFrame({"a": ["x", "NA", "x"], "b": [1, True, "NA"], "c": [1.5, 2.5, None]})
    cleaned = without_missing_texts(frame, CsvFormat())
    assert isinstance(cleaned["a"].dtype, pd.CategoricalDtype)
    assert cleaned["a"].cat.codes.tolist() == [0, -1, 0]
    assert cleaned["b"].tolist()[:2] == [1, True]
    assert cleaned["b"].isna().tolist() == [False, False, True]
    assert cleaned["c"].dtype == np.float64
