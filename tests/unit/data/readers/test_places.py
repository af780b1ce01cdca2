"""Rows are told by the lines of their files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from mtl_search.data.datasets.table import table
from mtl_search.data.preparation.base import RowError
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.places import RowPlaces
from mtl_search.errors import DataError

LINES = ["a,y", "1,2", "", '"two', 'lines",3', "5,bad"]


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(LINES), encoding="utf-8")
    places = RowPlaces([(path, 3)], CsvFormat())
    assert [places.place(row).split(" of ")[0] for row in range(3)] == [
        "line 2",
        "line 4",
        "line 6",
    ]
    zipped = tmp_path / "t.csv.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    two = RowPlaces([(path, 3), (zipped, 3)], CsvFormat())
    assert two.place(5) == f"line 6 of {zipped}"
    assert RowPlaces([(path, 3)], CsvFormat(), np.array([2])).place(0) == f"line 6 of {path}"
    for names, line in ((("p", "q"), 1), (("a", "y"), 2)):
        assert RowPlaces([(path, 3)], CsvFormat(names=names)).place(0) == f"line {line} of {path}"
    assert RowPlaces([(tmp_path / "t.parquet", 3)], CsvFormat()).place(1).startswith("row 1 of")
    with pytest.raises(DataError, match=r"^a label in line 6 of .*t\.csv is bad$"), places.told():
        raise RowError("a label in row", 2, " is bad")


def test_a_table_tells_lines_of_labels_groups_and_inputs(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{k},{k % 2},{k / 2},g{k % 9}" for k in range(30)]
    rows[7] = "7,1,much,g1"
    rows[9] = "9,1,3,"
    path.write_text("\n".join(["a,y,z,g", *rows]), encoding="utf-8")
    with pytest.raises(DataError, match=r"some: 'much'; the first is in line 9 of .*t\.csv"):
        table(str(path), {"z": "real"}, ignore=["g"])
    with pytest.raises(DataError, match=r"group column 'g' has empty cells, .* line 11 of"):
        table(str(path), {"y": "binary"}, group="g", ignore=["z"])
    with pytest.raises(DataError, match=r"'z' is .* line 9 of .* \('much'\)"):
        table(str(path), {"y": "binary"}, ignore=["g"], categorical=[], seed=1)
