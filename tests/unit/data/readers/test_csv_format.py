"""How a CSV is written."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.tables import read_table
from mtl_search.errors import ConfigError


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "cp1252"])
def test_an_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("caf\u00e9,y\n\u00fc,1\n", encoding=encoding)
    csv = CsvFormat.of(separator=None, decimal=".", missing=(), encoding=encoding)
    frame = read_table("path", str(path), csv)
    assert (list(frame.columns), frame.iloc[0].tolist()) == (["caf\u00e9", "y"], ["\u00fc", "1"])
    assert CsvFormat.from_json(asdict(csv)) == csv


@pytest.mark.parametrize("encoding", ["utf-88", "", 5, "zip"])
def test_an_encoding_that_there_is_not(encoding: object) -> None:
    with pytest.raises(ConfigError) as caught:
        CsvFormat.of(separator=None, decimal=".", missing=(), encoding=encoding)
    assert caught.value.path == "data.encoding"


def test_texts_such_as_none_stay_in_raw_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y \nNone,None\nNA,?\n1,\n", encoding="utf-8")
    csv = CsvFormat.of(separator=None, decimal=".", missing=["?"])
    frame = read_table("path", str(path), csv, raw=lambda _: {"y"})
    assert frame["a"].isna().tolist() == [True, True, False]
    assert frame["y"].fillna("-").tolist() == ["None", "-", "-"]
    named = CsvFormat.of(separator=None, decimal=".", missing=(), names=["b", "y"])
    (tmp_path / "n.csv").write_text("NA,NA\n", encoding="utf-8")
    frame = read_table("path", str(tmp_path / "n.csv"), named, raw=lambda _: {"y"})
    assert (frame["b"].isna()[0], frame["y"][0]) == (True, "NA")
