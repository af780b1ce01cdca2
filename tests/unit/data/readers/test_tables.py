"""CSV and Parquet files as tables whose cells are texts, and every mistake named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_search.data.datasets.table import table
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.tables import read_table
from mtl_search.errors import ConfigError, DataError
from tests.unit.data.conftest import Build, WriteCsv


@pytest.mark.parametrize("name", ["a.txt", "folder.csv"])
def test_files_that_are_no_tables(tmp_path: Path, build: Build, name: str) -> None:
    (tmp_path / "a.txt").write_text("a,y\n1,2\n")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match=r"a table is a file that ends in \.csv") as caught:
        build("table", path=str(tmp_path / name), targets={"y": "class"})
    assert caught.value.path == "data.path"


def test_a_row_that_is_longer_than_the_header_is_no_row_name(write_csv: WriteCsv) -> None:
    with pytest.raises(DataError, match="Length of header or names does not match"):
        table(str(write_csv("t.csv", "a,y\n1,2,3\n4,5,6")), {"y": "class"})


def test_a_separator_of_two_characters(write_csv: WriteCsv) -> None:
    text = "a||y\n" + "\n".join(f"{k}||{k % 2}" for k in range(20))
    assert table(str(write_csv("t.csv", text)), {"y": "class"}, separator="||").inputs[
        "table"
    ].shape == (20, 1)


def test_columns_without_a_name_and_of_one_name(
    write_csv: WriteCsv, caplog: pytest.LogCaptureFixture
) -> None:
    rows = "\n".join(f"{k},{k},{k % 2}" for k in range(20))
    assert table(str(write_csv("t.csv", f",a,y\n{rows}")), {"y": "class"}).inputs[
        "table"
    ].shape == (20, 1)
    assert "column 1 of" in caplog.text
    with pytest.raises(DataError, match="two columns called 'a'"):
        table(str(write_csv("t.csv", f"a,a,y\n{rows}")), {"y": "class"})


def test_cells_of_a_csv_are_texts(write_csv: WriteCsv) -> None:
    path = write_csv("t.csv", "a,b\n1, x\n1.50,?\n,NA")
    frame = read_table("path", str(path), CsvFormat(missing=("?",)))
    assert frame["a"].fillna("-").tolist() == ["1", "1.50", "-"]
    assert frame["b"].fillna("-").tolist() == ["x", "-", "-"]


def test_decimal_commas_become_points_in_columns_of_numbers_alone(write_csv: WriteCsv) -> None:
    path = write_csv("t.csv", "a;b\n1,5;x,y\n-2,25;z")
    frame = read_table("path", str(path), CsvFormat(separator=";", decimal=","))
    assert frame["a"].tolist() == ["1.5", "-2.25"]
    assert frame["b"].tolist() == ["x,y", "z"]


def test_names_may_be_given_to_a_file_of_any_suffix(write_csv: WriteCsv) -> None:
    path = write_csv("t.data", "1,2\n3,4")
    frame = read_table("path", str(path), CsvFormat(names=("a", "b")))
    assert frame.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}
    with pytest.raises(DataError, match=r"1 names, and .*t.data has 2 columns"):
        read_table("path", str(path), CsvFormat(names=("a",)))


def test_a_first_line_of_the_given_names_is_a_header(write_csv: WriteCsv) -> None:
    csv = CsvFormat(names=("age", "sex", "income"))
    frame = read_table("path", str(write_csv("t.csv", "sex, age, incom\nf,30,1\nm,40,2\n")), csv)
    assert frame.to_dict("list") == {"sex": ["f", "m"], "age": ["30", "40"], "incom": ["1", "2"]}


def test_tabs_are_between_the_cells_of_a_tsv(write_csv: WriteCsv) -> None:
    frame = read_table("path", str(write_csv("t.tsv", "a\tb\n1\t2")), CsvFormat())
    assert frame.columns.tolist() == ["a", "b"]


def test_a_parquet_file_keeps_its_types(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2]}, index=[5, 6]).to_parquet(tmp_path / "t.pq")
    frame = read_table("path", str(tmp_path / "t.pq"), CsvFormat())
    assert frame["a"].tolist() == [1, 2]
    assert frame.index.tolist() == [0, 1]


def test_the_usual_options() -> None:
    usual = CsvFormat.of(separator=None, decimal=".", missing=[])
    assert usual == CsvFormat()
    assert CsvFormat.of(separator=";", decimal=",", missing="?", names=["a"]) == CsvFormat(
        ";", ",", ("?",), ("a",)
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("separator", 5, "a text"),
        ("decimal", ";", "no mark of this name"),
        ("missing", 3, "a list of names"),
        ("names", [1], "a list of names"),
    ],
)
def test_mistakes_are_named(name: str, value: Any, message: str) -> None:
    options: dict[str, Any] = {"separator": None, "decimal": ".", "missing": ()}
    with pytest.raises(ConfigError, match=message) as caught:
        CsvFormat.of(**{**options, name: value})
    assert caught.value.path == f"data.{name}"
