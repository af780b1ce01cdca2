"""Frames, files, rows and arrays become what a CSV of texts became in training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data import DataSet
from mtl_search.data.datasets.table import table
from mtl_search.data.preparation.base import RowError
from mtl_search.data.preparation.stored import from_stored, to_stored
from mtl_search.data.preparation.table import TablePreparation
from mtl_search.data.preprocessing.columns import fit_columns
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.errors import DataError

ROWS = (
    "size;weight;place;zip;y",
    *(f"{k},5;{'?' if k == 3 else k};{'AB'[k % 2]};00{k % 3};{k}" for k in range(12)),
)


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(ROWS))
    return table(
        str(path),
        {"y": "real"},
        separator=";",
        decimal=",",
        missing=["?"],
        categorical=["place", "zip"],
    )


def _preparation(data: DataSet) -> TablePreparation:
    assert data.preparation is not None
    again = from_stored(json.loads(json.dumps(to_stored(data.preparation))))
    assert isinstance(again, TablePreparation)
    assert again == data.preparation
    return again


def test_texts_numbers_and_missing_values_are_as_in_the_file(data: DataSet, tmp_path: Path) -> None:
    preparation = _preparation(data)
    expected = np.asarray(data.inputs["table"])
    frame = pd.DataFrame(
        {
            "zip": [k % 3 for k in range(12)],
            "place": pd.Categorical(["AB"[k % 2] for k in range(12)]),
            "weight": [np.nan if k == 3 else k for k in range(12)],
            "size": [k + 0.5 for k in range(12)],
        }
    )
    texts = frame.astype({"weight": object}).assign(
        size=[f"{k},5" for k in range(12)], zip=[f"00{k % 3}" for k in range(12)]
    )
    texts.loc[3, "weight"] = "?"
    array = frame[["size", "weight", "place", "zip"]].to_numpy()
    rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    for raw in (frame, texts, array, rows, {name: frame[name] for name in frame}):
        np.testing.assert_array_equal(preparation.transform(raw).inputs["table"], expected)
    (batch, rest) = preparation.read(tmp_path / "t.csv", 8)
    assert list(rest.index) == [8, 9, 10, 11]
    np.testing.assert_array_equal(preparation.transform(batch).inputs["table"], expected[:8])
    frame["zip"] = frame["zip"].astype(str)
    frame.to_parquet(tmp_path / "t.parquet")
    (whole,) = preparation.read(tmp_path / "t.parquet", 100)
    np.testing.assert_array_equal(preparation.transform(whole).inputs["table"], expected)


def test_unknown_categories_are_counted_and_missing_ones_are_not(data: DataSet) -> None:
    preparation = _preparation(data)
    frame = preparation.example()
    frame = frame.assign(place=pd.Series(["C", None]), zip=pd.Series([0, "NA"], dtype=object))
    prepared = preparation.transform(frame)
    assert {name: dict(counts) for name, counts in prepared.unknown.items()} == {"place": {"C": 1}}


def test_one_row_of_a_request_is_a_row(data: DataSet) -> None:
    row: dict[str, Any] = {"size": 1, "weight": None, "place": "A", "zip": "000"}
    (batch,) = _preparation(data).batches(row, 10)
    assert len(_preparation(data).transform(batch)) == 1


def test_fields_say_what_a_row_has(data: DataSet) -> None:
    size, _, place, _ = _preparation(data).describe()
    assert (size.name, size.kind, size.dtype, size.optional) == ("size", "number", "float64", True)
    assert (place.kind, place.values) == ("category", ("A", "B"))


def test_columns_that_stand_there_twice(data: DataSet) -> None:
    frame = _preparation(data).example()
    twice = pd.concat([frame, frame[["place"]]], axis=1)
    with pytest.raises(DataError, match=r"two columns called 'place'"):
        _preparation(data).transform(twice)
    with pytest.raises(DataError, match=r"the input is a set"):
        _preparation(data).transform({1, 2})


def test_cells_of_lists_keep_their_types() -> None:
    frame = pd.DataFrame({"flag": ["True", "False"], "n": ["1", "2"], "x": [0.5, 1.5]})
    preparation = TablePreparation(
        fit_columns(frame, ["flag", "n", "x"], ["flag", "n"], 10), CsvFormat()
    )
    given = preparation.transform([[True, 1, 0.5], [False, 2.0, 1.5]])
    np.testing.assert_array_equal(
        given.inputs["table"], preparation.transform(frame).inputs["table"]
    )
    assert not given.unknown
    with pytest.raises(DataError, match="differ in length"):
        preparation.transform([[True, 1, 0.5], [False, 2]])


def test_a_number_that_scaling_makes_infinite_is_refused_with_its_row() -> None:
    encoder = fit_columns(pd.DataFrame({"x": [0.0, 1e-9]}), ["x"], [], 10)
    with pytest.raises(RowError, match="row 1 has NaN or infinite"):
        TablePreparation(encoder, CsvFormat()).transform({"x": [1.0, 1e38]})


def test_raw_rows_in_a_prepared_view_are_refused(data: DataSet) -> None:
    preparation = _preparation(data)
    prepared = np.asarray(data.inputs["table"])
    preparation.check_prepared({"table": prepared})
    for wrong in (prepared + 100, np.where(np.isin(prepared, (0, 1)), 2, prepared)):
        with pytest.raises(DataError, match="not prepared as in training: column"):
            preparation.check_prepared({"table": wrong})
    with pytest.raises(DataError, match="'table' of the input has more than one dimension"):
        preparation.transform({"table": prepared})


def test_columns_are_found_in_their_normal_form_and_read_whole(tmp_path: Path) -> None:
    rows = [f"{k}.25,{'AB'[k % 2]}x,{k}" for k in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["gr\u00f6\u00dfe,ort,y", *rows]))
    trained = table(str(tmp_path / "t.csv"), {"y": "real"})
    preparation = _preparation(trained)
    # Blanks around a name, and the same letter as two code points.
    (tmp_path / "new.csv").write_text("\n".join(["gro\u0308\u00dfe ,ort , y", *rows]))
    frame = pd.read_csv(tmp_path / "new.csv", dtype={"ort ": object})
    frame.to_parquet(tmp_path / "new.parquet")
    expected = np.asarray(trained.inputs["table"])
    for file in ("new.csv", "new.parquet"):
        (batch,) = preparation.read(tmp_path / file, 100)
        prepared = preparation.transform(batch)
        np.testing.assert_array_equal(prepared.inputs["table"], expected)
        assert not prepared.unknown
    np.testing.assert_array_equal(preparation.transform(frame).inputs["table"], expected)


def test_rows_of_another_encoding_are_told_what_helps_here(tmp_path: Path, data: DataSet) -> None:
    (tmp_path / "new.csv").write_bytes("gr\u00f6\u00dfe;ort\n1;x\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"from line 1 on: save it as UTF-8, as the table of the"):
        list(_preparation(data).read(tmp_path / "new.csv", 8))
