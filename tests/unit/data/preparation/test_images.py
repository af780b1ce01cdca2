"""Files, opened images and pixels are the same image."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.preparation.images import ImagePreparation, image_files
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.errors import DataError

Image: Any = pytest.importorskip("PIL.Image")
PREPARATION = ImagePreparation((3, 4, 6))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        pixels = rng.integers(0, 256, (4, 6, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


def test_one_image_in_every_form(folder: Path) -> None:
    files = image_files(folder)
    assert [file.name for file in files] == ["a.png", "b.png"]
    expected = PREPARATION.transform(files).inputs["image"]
    assert expected.shape == (2, 3, 4, 6)
    assert expected.dtype == np.dtype(np.float32)
    opened = [Image.open(file) for file in files]
    last = np.stack([np.asarray(image) for image in opened])
    first = last.transpose(0, 3, 1, 2)
    table = pd.DataFrame({"file": list(map(str, files)), "other": 1})
    for raw in (
        list(map(str, files)), opened, last, first, first / np.float32(255), list(first), table,
        {"image": first},
    ):  # fmt: skip
        np.testing.assert_allclose(PREPARATION.transform(raw).inputs["image"], expected, atol=1e-7)
    assert PREPARATION.row_names(files) == list(map(str, files))
    assert PREPARATION.row_names(first) is None


def test_what_a_file_as_input_may_be(folder: Path) -> None:
    assert [len(batch) for batch in PREPARATION.read(folder, 1)] == [1, 1]
    assert list(PREPARATION.read(folder / "b.png", 9)) == [[folder / "b.png"]]
    pd.DataFrame({"file": ["b.png"]}).to_csv(folder / "new.csv")
    assert list(PREPARATION.read(folder / "new.csv", 9)) == [[folder / "b.png"]]
    pd.DataFrame({"name": ["b.png"]}).to_csv(folder / "bad.csv")
    with pytest.raises(DataError, match=r"no column 'file' with the files of images"):
        list(PREPARATION.read(folder / "bad.csv", 9))
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match=r"has no image"):
        image_files(folder / "empty")
    with pytest.raises(DataError, match=r"there is no file or folder"):
        image_files(folder / "nothing")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (np.zeros((2, 3, 9, 9), np.uint8), r"the shape \(2, 3, 9, 9\); training saw"),
        (np.full((2, 3, 4, 6), 9.0), "fractions from 9 to 9; needed: 0 to 1"),
        (np.full((2, 3, 4, 6), 9), "the pixels are int64; bytes"),
        (np.full((2, 3, 4, 6), np.nan), "row 0 has NaN"),
        ([3], "the image int of row 0 cannot be read"),
        ("a.png", "a list of paths or images"),
    ],
)
def test_mistakes(raw: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        PREPARATION.transform(raw)


def test_fractions_are_not_rounded_to_bytes() -> None:
    fractions = np.random.default_rng(0).random((2, 3, 4, 6), np.float32)
    np.testing.assert_array_equal(PREPARATION.transform(list(fractions)).inputs["image"], fractions)
    fractions[1, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="row 1 has NaN"):
        PREPARATION.transform(list(fractions))
    with pytest.raises(DataError, match="differ in their shape"):
        PREPARATION.transform([fractions[0], fractions[0, :, :2]])


def test_a_table_is_written_as_that_of_training(folder: Path) -> None:
    csv = CsvFormat(separator=";")
    preparation = ImagePreparation.from_json(ImagePreparation((3, 4, 6), "file", csv).to_json())
    assert preparation.csv == csv
    (folder / "a.png").rename(folder / unicodedata.normalize("NFD", "caf\u00e9.png"))
    (folder / "new.csv").write_text("file;note\ncaf\u00e9.png;one,two\n", encoding="utf-8")
    (files,) = preparation.read(folder / "new.csv", 9)
    assert preparation.transform(files).inputs["image"].shape == (1, 3, 4, 6)


def test_an_unreadable_file_is_named_with_its_row(folder: Path) -> None:
    with pytest.raises(DataError, match=r"notes.txt of row 1 cannot be read \(cannot identify"):
        PREPARATION.transform([folder / "a.png", folder / "notes.txt"])


def test_the_column_of_files_is_found_in_its_normal_form() -> None:
    preparation = ImagePreparation((3, 8, 8), "f\u00fcr ")
    rows = pd.DataFrame({"x": [1], "fu\u0308r": ["a.png"]})
    assert preparation.row_names(rows) == ["a.png"]
    wide = pd.DataFrame([range(9000)])
    with pytest.raises(DataError, match=r"it has: 0, 1, .* and \d+ more$") as caught:
        preparation.transform(wide)
    assert len(str(caught.value)) < 1200
