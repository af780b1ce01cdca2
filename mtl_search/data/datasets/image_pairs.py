"""Pairs of labelled images: what is on the left, what on the right, and is it the same?"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence

import numpy as np

from mtl_search.config.checks import check_int, check_number, check_text
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets import target_spec
from mtl_search.data.datasets.arrays import read_arrays
from mtl_search.data.preprocessing.labels import encode
from mtl_search.data.preprocessing.pairs import draw_pairs, most_pairs
from mtl_search.data.readers.idx import IDX_SUFFIXES, read_idx
from mtl_search.data.readers.paths import find_file
from mtl_search.data.splits import DEFAULT_FRACTIONS, random_split
from mtl_search.data.types import SPLITS, Array
from mtl_search.errors import ConfigError, DataError

logger = logging.getLogger(__name__)


def image_pairs(
    path: str | None = None,
    images: str = "images",
    labels: str = "labels",
    *,
    train: int = 4000,
    validation: int = 1000,
    test: int = 1000,
    limit: int | None = None,
    scale: float = 255.0,
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> DataSet:
    """Views `left` and `right`, (N, C, H, V) float32; targets `left` and `right` (class) and `same` (binary).

    The images are split first, so that no image is in two splits; images that are alike in every byte count as one.
    Pairs are drawn within each split. Exactly half of the pairs of a split show the same class, an image is never
    beside itself, and no pair is drawn twice. Images without a label are left out.

    Args:
        path: An `.npz` file or a folder of `.npy` files that holds both arrays; None: `images` and `labels` are IDX
            files, as MNIST has them.
        images: Key of the images, or their file: (N, H, V) or (N, C, H, V); (N, H, V, C) is turned round, C = 1, 3, 4.
        labels: Key of the labels, or their file: (N,).
        train: Pairs to train on, an even number.
        validation: Pairs to validate on, an even number.
        test: Pairs to test on, an even number.
        limit: Use so many images at most, chosen by seed; default: all.
        scale: What pixels are divided by, 255 for bytes.
        fractions: Parts of the images for train, validation and test, each split stratified by class.
        seed: Of the choice of images, of the split and of the pairs.

    Raises:
        ConfigError: A number of pairs is odd, or the images of its split do not form so many.
        DataError: A file cannot be read, or images and labels do not fit.
    """
    counts = {"train": train, "validation": validation, "test": test}
    for name, count in counts.items():
        if check_int(count, f"data.{name}", low=2) % 2:
            raise ConfigError(
                "an even number is needed, for as many equal pairs as different ones",
                path=f"data.{name}",
                value=count,
            )
    number = check_int(seed, "data.seed", low=0)
    parts = target_spec.fractions("fractions", fractions)
    pixels, target = _read(path, images, labels)
    chosen = _chosen(pixels, target.values, limit, number)
    pixels, classes = pixels[chosen], target.values[chosen]
    rows = random_split(len(classes), parts, number, stratify=classes)
    pairs = {}
    for k, name in enumerate(SPLITS):
        own = classes[rows[name]]
        if counts[name] > most_pairs(own):
            message = (
                f"{len(own)} images form no more than {most_pairs(own)} pairs, half of them equal"
            )
            raise ConfigError(message, path=f"data.{name}", value=counts[name])
        pairs[name] = draw_pairs(rows[name], own, counts[name], np.random.default_rng([number, k]))
    left, right = np.concatenate([pairs[name] for name in SPLITS]).T
    starts = np.cumsum([0, *counts.values()])
    divisor = check_number(scale, "data.scale", exclude_low=True)
    return DataSet(
        inputs={
            name: _scaled(pixels, side, divisor)
            for name, side in (("left", left), ("right", right))
        },
        targets={
            "left": Target(classes[left], "class", target.classes),
            "right": Target(classes[right], "class", target.classes),
            "same": Target(
                (classes[left] == classes[right]).astype(np.int64), "binary", ("different", "same")
            ),
        },
        splits={name: np.arange(starts[k], starts[k + 1]) for k, name in enumerate(SPLITS)},
    )


def _read(path: object, images: object, labels: object) -> tuple[Array, Target]:
    """Images (N, C, H, V) and their classes."""
    if path is None:
        pixels, raw = (
            read_idx(find_file(name, value, IDX_SUFFIXES))
            for name, value in (("images", images), ("labels", labels))
        )
    else:
        keys = {
            "images": check_text(images, "data.images"),
            "labels": check_text(labels, "data.labels"),
        }
        pixels, raw = read_arrays(path, keys)
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    elif pixels.ndim == 4 and pixels.shape[3] in (1, 3, 4) and pixels.shape[1] not in (1, 3, 4):
        pixels = pixels.transpose(0, 3, 1, 2)
    if pixels.ndim != 4 or pixels.dtype.kind not in "uif":
        raise DataError(
            f"images are numbers (N, H, V) or (N, C, H, V); these are {pixels.dtype} {pixels.shape}"
        )
    if raw.shape != pixels.shape[:1]:
        raise DataError(
            f"{len(pixels)} images need as many labels; these have the shape {raw.shape}"
        )
    return pixels, encode("labels", raw, "class")


def _chosen(pixels: Array, classes: Array, limit: object, seed: int) -> Array:
    """Numbers of the images that are used, in order: labelled, each content once, no more than asked for."""
    rows = np.flatnonzero(classes >= 0)
    content = np.array(
        [hashlib.blake2b(pixels[row].tobytes(), digest_size=16).digest() for row in rows], "S16"
    )
    once = rows[np.sort(np.unique(content, return_index=True)[1])]
    if len(once) < len(classes):
        logger.info(
            "%d of %d images are left out: %d without a label, %d alike in every byte to another one",
            len(classes) - len(once), len(classes), len(classes) - len(rows), len(rows) - len(once),
        )  # fmt: skip
    if limit is None or len(once) <= check_int(limit, "data.limit", low=3):
        return once
    assert isinstance(limit, int)
    return np.sort(np.random.default_rng(seed).choice(once, limit, replace=False))


def _scaled(pixels: Array, rows: Array, divisor: float) -> Array:
    return np.divide(pixels[rows], divisor, dtype=np.float32)
