"""Multi-MNIST: two overlapping digits in a picture of 36×36 pixels.

S. Sabour, N. Frosst and G. E. Hinton 2017, "Dynamic routing between capsules", overlap digits that
are shifted at random. O. Sener and V. Koltun 2018, "Multi-task learning as multi-objective
optimization", have one in the upper left and one 6 pixels below and to the right of it; of two
pixels the brighter one is seen. Here it is done as by the latter, without their reduction to 28×28.

N samples, M digits of a file
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtl_search.data import DataSet, Target
from mtl_search.data.readers.idx import read_idx
from mtl_search.data.types import SPLITS, Array
from mtl_search.errors import DataError

SIDE, DIGIT, SHIFT = 36, 28, 6
# Of MNIST's 60,000 training digits, the last 10,000 are for validation.
VALIDATION_SHARE = 6
_DIGITS = tuple(map(str, range(10)))
_PIXELS = tuple(map(str, range(DIGIT * DIGIT)))


def multi_mnist(
    folder: str, train: int = 5000, validation: int = 2000, test: int = 5000, seed: int = 0
) -> DataSet:
    """Overlap digits: view `picture`, targets `left` and `right` (10 classes) and `right_picture`.

    The view is (N, 1, 36, 36) float32 in [0, 1]. `right_picture` is the vector of the 784 pixels of
    the right digit alone, as MNIST has it. No digit is in two splits, and none is twice on the left
    of a split; the digit on its right is drawn at random.

    Args:
        folder: The folder of MNIST's four files, gzipped or not.
        train: Number of pictures to train on.
        validation: Number of pictures to validate on.
        test: Number of pictures to test on.
        seed: The seed of the pairs.

    Raises:
        DataError: A file is missing or damaged, or a split has fewer digits than pictures.
    """
    rng = np.random.default_rng(seed)
    fitted_MHV, fitted_M = _read(Path(folder), "train")
    test_MHV, test_M = _read(Path(folder), "t10k")
    first = len(fitted_M) - len(fitted_M) // VALIDATION_SHARE
    sources = {
        "train": (fitted_MHV[:first], fitted_M[:first], train),
        "validation": (fitted_MHV[first:], fitted_M[first:], validation),
        "test": (test_MHV, test_M, test),
    }
    pictures, left, right, alone = [], [], [], []
    for split in SPLITS:
        digits_MHV, label_M, count = sources[split]
        if count > len(label_M):
            raise DataError(f"{count} {split} pictures were asked of {len(label_M)} digits")
        left_N = rng.permutation(len(label_M))[:count]
        right_N = rng.integers(len(label_M), size=count)
        pictures.append(overlapped(digits_MHV[left_N], digits_MHV[right_N]))
        left.append(label_M[left_N])
        right.append(label_M[right_N])
        alone.append(digits_MHV[right_N].reshape(count, -1))
    targets = {
        "left": Target(np.concatenate(left), "class", _DIGITS),
        "right": Target(np.concatenate(right), "class", _DIGITS),
        "right_picture": Target(_scaled(np.concatenate(alone)), "vector", _PIXELS),
    }
    inputs = {"picture": _scaled(np.concatenate(pictures))[:, None]}
    ends = np.cumsum([train, validation, test])
    splits = dict(zip(SPLITS, np.split(np.arange(ends[-1]), ends[:-1]), strict=True))
    return DataSet(inputs, targets, splits)


def overlapped(left_NHV: Array, right_NHV: Array) -> Array:
    """Return pictures (N, 36, 36) of digits (N, 28, 28), the right one below the left one."""
    pictures_NHV = np.zeros((len(left_NHV), SIDE, SIDE), left_NHV.dtype)
    pictures_NHV[:, :DIGIT, :DIGIT] = left_NHV
    shifted_NHV = pictures_NHV[:, SHIFT : SHIFT + DIGIT, SHIFT : SHIFT + DIGIT]
    np.maximum(shifted_NHV, right_NHV, out=shifted_NHV)
    return pictures_NHV


def _read(folder: Path, part: str) -> tuple[Array, Array]:
    """Return digits (M, 28, 28) and their labels (M,)."""
    return _file(folder, f"{part}-images-idx3-ubyte"), _file(folder, f"{part}-labels-idx1-ubyte")


def _file(folder: Path, name: str) -> Array:
    plain = folder / name
    return read_idx(plain if plain.exists() else plain.with_name(f"{name}.gz"))


def _scaled(bytes_N: Array) -> Array:
    return bytes_N.astype(np.float32) / np.float32(255)
