"""Files that are not what their names say."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.foreign import what_it_is
from mtl_search.data.readers.tables import read_table
from mtl_search.errors import DataError

CSV = b"a,y\n1,2\n3,4\n"


def _zip(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "x")
    return content.getvalue()


def _npz() -> bytes:
    content = io.BytesIO()
    np.savez(content, x=np.zeros(2))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "t.csv is empty"),
        ("t.csv", _zip("xl/workbook.xml"), "an Excel workbook"),
        ("t.csv", _zip("a.txt"), "a zip archive"),
        ("t.csv", _zip("a.txt")[:40], "a zip archive that is damaged"),
        ("t.csv", _npz(), "arrays of numpy"),
        ("t.csv", b"PAR1xxxx", "a Parquet file"),
        ("t.csv", gzip.compress(CSV, mtime=0), "rename it to t.csv.gz"),
        ("t.csv.gz", CSV, "not compressed by gzip"),
        ("t.csv.gz", gzip.compress(CSV * 99, mtime=0)[:30], "cut off"),
        ("t.csv", b"\x89PNG\r\n\x1a\n", "an image"),
        ("t.csv", b"<!DOCTYPE html><p>404", "a web page"),
        ("t.csv", b'[{"a": 1}]', "JSON"),
        ("t.csv", "a,y\n\u00fc,1\n".encode("utf-16"), "UTF-16: `encoding: utf-16`"),
        ("t.csv", b"a,y\n1,1\n\xfc,2\n", "not UTF-8 from line 3 on"),
        ("t.csv", bytes(range(1, 256)) * 3, "bytes of another format"),
        ("t.csv", CSV + b"1,2,3\n", "line 4, saw 3"),
        ("t.parquet", CSV, "no Parquet file"),
        ("t.parquet", b"PAR1" + CSV, "damaged or cut off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # bytes may hold the time
)
def test_each_is_answered_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table("path", str(path), CsvFormat())
    text = str(caught.value).replace(str(path), name)
    assert message in text
    assert len(text) < 250
    assert "Error:" not in text


def test_a_table_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(CSV)
    assert what_it_is(path) == ""
    assert what_it_is(tmp_path / "none") == ""
