"""The data sets of `tests.benchmarks.real_cases`, from files of a few samples."""

from __future__ import annotations

import lzma
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.real_sets import data


def write_images(path: Path, count: int) -> None:
    """Write random digits of 28 × 28 grey values as an IDX file."""
    values = np.random.default_rng(0).integers(0, 256, (count, 28, 28), np.uint8)
    path.write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28) + values.tobytes())


def test_pixels_tell_nothing_of_the_right_half(tmp_path: Path) -> None:
    path = tmp_path / "images"
    write_images(path, 50)
    made = data.pixels(str(path), train=20, validation=10, test=15)
    assert {name: len(rows) for name, rows in made.splits.items()} == {
        "train": 20,
        "validation": 10,
        "test": 15,
    }
    x_NI = np.asarray(made.inputs["left"])
    assert x_NI.shape == (45, 10)
    np.testing.assert_allclose(x_NI[:20].mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(x_NI[:20].std(0), 1, atol=1e-3)
    assert tuple(made.targets) == data.PIXELS
    # Columns 4 to 11 are inputs, all targets begin at column 16.
    assert min(data.PIXEL_COLUMNS) >= 12
    values = np.stack([target.values for target in made.targets.values()])
    assert values.min() >= 0
    assert values.max() <= 1


def test_pixels_of_another_seed_are_other_images(tmp_path: Path) -> None:
    path = tmp_path / "images"
    write_images(path, 50)
    first, again, other = (
        data.pixels(str(path), train=20, validation=10, test=15, seed=seed) for seed in (0, 0, 1)
    )
    name = data.PIXELS[0]
    np.testing.assert_array_equal(first.targets[name].values, again.targets[name].values)
    assert not np.array_equal(first.targets[name].values, other.targets[name].values)


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    """A treebank of four training sentences, one of each other split."""
    sentences = [
        [("Oh", "discourse"), ("John", "vocative"), ("runs", "root")],
        [("It", "expl"), ("is", "cop"), ("late", "root")],
        [("Give", "root"), ("me", "iobj"), ("it", "obj")],
        [("Go", "root")],
    ]
    for split, chosen in {"train": sentences, "dev": sentences[:1], "test": sentences[1:2]}.items():
        text = ""
        for words in chosen:
            text += "# text = of a sentence\n1-2\tunited\t_\t_\t_\t_\t_\tcsubj\t_\t_\n"
            for number, (word, relation) in enumerate(words, start=1):
                text += f"{number}\t{word}\t_\t_\t_\t_\t0\t{relation}\t_\t_\n"
            text += "\n"
        with lzma.open(tmp_path / f"en_ewt-ud-{split}.conllu.xz", "wt", encoding="utf-8") as file:
            file.write(text)
    return tmp_path


def test_relations_are_those_of_the_words_of_a_sentence(treebank: Path) -> None:
    made = data.relations(str(treebank), width=64, train=4)
    assert [len(rows) for rows in made.splits.values()] == [4, 1, 1]
    labels = {name: target.values.tolist() for name, target in made.targets.items()}
    assert len(labels) == 14
    assert labels["vocative"] == [1, 0, 0, 0, 1, 0]
    assert labels["expl"] == labels["cop"] == [0, 1, 0, 0, 0, 1]
    assert labels["iobj"] == [0, 0, 1, 0, 0, 0]
    assert sum(labels["csubj"]) == 0  # lines of several words are no words


def test_words_do_not_depend_on_the_split_that_they_are_in(treebank: Path) -> None:
    x_NI = np.asarray(data.relations(str(treebank), width=64, train=4).inputs["words"])
    np.testing.assert_array_equal(x_NI[0], x_NI[4])
    # "go" and the pairs "<s> go" and "go </s>".
    assert np.expm1(x_NI[3]).sum() == pytest.approx(3)
