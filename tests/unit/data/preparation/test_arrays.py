"""Arrays are checked, converted and scaled; each mistake is one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data.preparation.arrays import ArraysPreparation, ArrayView
from mtl_search.errors import DataError

TWO = ArraysPreparation(
    {
        "image": ArrayView((3, 4, 5), "uint8", scale=255.0, key="pixels"),
        "words": ArrayView((7,), "int64", mask=True, key="words", mask_key="real"),
    }
)
IMAGE = np.full((2, 3, 4, 5), 51, np.uint8)
WORDS = np.arange(14).reshape(2, 7)


def test_values_are_scaled_and_keep_their_kind() -> None:
    prepared = TWO.transform({"image": IMAGE, "words": WORDS.astype(np.int32)})
    assert prepared.inputs["image"].dtype == np.float32
    np.testing.assert_array_equal(prepared.inputs["image"], np.float32(0.2))
    assert prepared.inputs["words"].dtype == np.int64
    assert TWO.transform({"image": IMAGE.tolist(), "words": WORDS.tolist()}).masks == {}
    longer = {"image": IMAGE, "words": np.zeros((2, 9), int), "words_mask": np.ones((2, 9))}
    assert TWO.transform(longer).masks["words"].dtype == np.bool_


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"image": IMAGE, "word": WORDS}, "lacks the view 'words' .did you mean 'word'"),
        (IMAGE, "a mapping with the views image, words is needed"),
        ({"image": IMAGE.transpose(0, 2, 3, 1), "words": WORDS}, "channels come first"),
        ({"image": IMAGE[0], "words": WORDS}, r"one sample is `image\[None\]`"),
        ({"image": IMAGE, "words": WORDS / 2}, "training saw whole numbers .int64"),
        ({"image": IMAGE.astype(str), "words": WORDS}, "numbers are needed, of type uint8"),
        ({"image": IMAGE * np.nan, "words": WORDS}, "row 0 has NaN or infinite"),
        ({"image": IMAGE, "words": WORDS[:1]}, "differ in length"),
        ({"image": IMAGE[:0], "words": WORDS[:0]}, "has no rows"),
        ({"image": IMAGE, "words": WORDS, "words_mask": WORDS[:, :2]}, "mask of 'words'"),
    ],
)
def test_mistakes(raw: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        TWO.transform(raw)


def test_bytes_that_are_not_scaled_yet_are_known_by_their_size() -> None:
    pixels = IMAGE.astype(np.float32)
    assert not TWO.may_be_prepared({"image": pixels, "words": WORDS})
    assert TWO.may_be_prepared({"image": pixels / 255, "words": WORDS})


def test_views_that_the_network_does_not_read_may_be_missing() -> None:
    words = TWO.for_views({"words"})
    assert set(words.transform(WORDS).inputs) == {"words"}
    assert set(words.example()) == {"words", "words_mask"}
    assert [field.optional for field in words.describe()] == [True, False, True]


def test_files_are_read_by_their_keys(tmp_path: Path) -> None:
    stored: dict[str, Any] = {
        "pixels": IMAGE,
        "words": WORDS,
        "real": WORDS > 3,
        "else": np.zeros(2),
        # Neither is read: the first has no type of its own, and images have no mask.
        "names": np.array([{}]),
        "image_mask": np.ones(9),
    }
    np.savez(tmp_path / "a.npz", **stored)
    (tmp_path / "folder").mkdir()
    for key, array in stored.items():
        np.save(tmp_path / "folder" / f"{key}.npy", array)
    for path in (tmp_path / "a.npz", tmp_path / "folder"):
        first, second = TWO.read(path, 1)
        assert set(first) == {"image", "words", "words_mask"}
        np.testing.assert_array_equal(TWO.transform(second).inputs["words"], WORDS[1:])
    np.savez(tmp_path / "b.npz", other=IMAGE)
    with pytest.raises(DataError, match=r"has no array pixels, words; it has: other"):
        next(TWO.read(tmp_path / "b.npz", 1))
    with pytest.raises(DataError, match=r"is neither an npz file"):
        next(TWO.read(tmp_path / "no.npz", 1))


def test_a_file_without_the_mask_of_training_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    np.savez(tmp_path / "a.npz", pixels=IMAGE, words=WORDS)
    (rows,) = TWO.read(tmp_path / "a.npz", 9)
    assert set(rows) == {"image", "words"}
    assert "has no mask real: all tokens of 'words' are real" in caplog.text


def test_a_view_without_a_key_is_found_by_its_name(tmp_path: Path) -> None:
    preparation = ArraysPreparation({"image": ArrayView((1, 2, 2), "float64", scale=16.0)})
    np.savez(tmp_path / "rows.npz", image=np.full((3, 1, 2, 2), 8.0))
    (rows,) = preparation.read(tmp_path / "rows.npz", 10)
    np.testing.assert_array_equal(preparation.transform(rows).inputs["image"], 0.5)
    np.savez(tmp_path / "other.npz", picture=np.zeros((3, 1, 2, 2)))
    with pytest.raises(DataError, match="has no array image; it has: picture"):
        next(iter(preparation.read(tmp_path / "other.npz", 10)))
