"""Two data sets made of real ones: pixels told from other pixels, and what a sentence contains.

N samples, I inputs, T tasks, H height, W width
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtl_search.data import DataSet, Target
from mtl_search.data.readers.idx import read_idx

Floats = NDArray[np.float32]

PIXEL_ROWS, PIXEL_COLUMNS = (8, 12, 16, 20), (16, 18, 20)
PIXELS = tuple(f"r{row}c{column}" for row in PIXEL_ROWS for column in PIXEL_COLUMNS)

# Relations of Universal Dependencies, from frequent to rare: 31 to 1 % of the sentences.
RELATIONS = (
    "cop", "advcl", "xcomp", "ccomp", "acl:relcl", "parataxis", "appos", "nsubj:pass", "discourse",
    "compound:prt", "iobj", "expl", "csubj", "vocative",
)  # fmt: skip


def pixels(
    path: str, *, train: int = 150, validation: int = 300, test: int = 2000, seed: int = 0
) -> DataSet:
    """Return twelve grey values of a digit's right half, to be told from its left half.

    Inputs are the means of ten blocks of 4 × 4 pixels in columns 4 to 11, in standard deviations of
    the training samples; each target is the mean of a square of 2 × 2 pixels. Neighbours of the
    left half are hardly known to it, so a good model explains about a fifth of the variance.

    Args:
        path: The images of MNIST's test set, an IDX file.
        train: Number of training samples.
        validation: Number of validation samples.
        test: Number of test samples.
        seed: The seed of the choice of images.
    """
    size = train + validation + test
    images_NHW = read_idx(Path(path)).astype(np.float32) / 255
    images_NHW = images_NHW[np.random.default_rng(seed).permutation(len(images_NHW))[:size]]
    left_NHW = images_NHW[:, 4:24, 4:12]
    x_NI = left_NHW.reshape(size, 5, 4, 2, 4).mean((2, 4)).reshape(size, -1)
    x_NI = (x_NI - x_NI[:train].mean(0)) / (x_NI[:train].std(0) + 1e-6)
    corners = [(row, column) for row in PIXEL_ROWS for column in PIXEL_COLUMNS]
    targets = {
        name: Target(images_NHW[:, row : row + 2, column : column + 2].mean((1, 2)), "real")
        for name, (row, column) in zip(PIXELS, corners, strict=True)
    }
    return DataSet({"left": x_NI}, targets, _consecutive([train, validation, test]))


def relations(
    folder: str,
    *,
    width: int = 512,
    train: int = 2000,
    relations: Sequence[str] = RELATIONS,
    seed: int = 0,
) -> DataSet:
    """Return sentences as hashed words and pairs of words, and which relations they contain.

    The splits are those of the treebank, of whose training split a part is drawn.

    Args:
        folder: The folder of UD English EWT, its files packed by xz.
        width: Number of places that words and pairs are hashed to.
        train: Number of training sentences.
        relations: The relations, each a binary target of its name without the colon.
        seed: The seed of the draw.
    """
    parts = [
        list(_sentences(Path(folder) / f"en_ewt-ud-{name}.conllu.xz"))
        for name in ("train", "dev", "test")
    ]
    drawn = np.sort(np.random.default_rng(seed).permutation(len(parts[0]))[:train])
    parts[0] = [parts[0][number] for number in drawn]
    sentences = [sentence for part in parts for sentence in part]
    targets = {}
    for relation in relations:
        labels_N = np.array([relation in found for _, found in sentences], np.int64)
        targets[relation.replace(":", "_")] = Target(labels_N, "binary", ("no", "yes"))
    x_NI = np.stack([_hashed(words, width) for words, _ in sentences])
    return DataSet({"words": x_NI}, targets, _consecutive([len(part) for part in parts]))


def _sentences(path: Path) -> Iterator[tuple[list[str], set[str]]]:
    """Yield the words of each sentence, and the relations that are in it."""
    words: list[str] = []
    found: set[str] = set()
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if fields[0].isdigit():
                words.append(fields[1].lower())
                found.add(fields[7])
            elif fields == [""] and words:
                yield words, found
                words, found = [], set()


def _hashed(words: Sequence[str], width: int) -> Floats:
    """Return how often words and pairs fall on each place, as log(1 + count)."""
    counts = np.zeros(width, np.float32)
    ends = ["<s>", *words, "</s>"]
    for text in [*words, *(" ".join(pair) for pair in pairwise(ends))]:
        counts[zlib.crc32(text.encode()) % width] += 1
    return np.log1p(counts)


def _consecutive(sizes: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    train, validation, test = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    return {"train": train, "validation": validation, "test": test}
