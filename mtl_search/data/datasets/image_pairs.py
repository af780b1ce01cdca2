"""Pairs of labelled images: which is on the left, which on the right, and are they the same?"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mtl_search.config.checks import check_int, check_number, check_text
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets.arrays import read_arrays
from mtl_search.data.datasets.split_options import SplitOptions
from mtl_search.data.preparation.image_pairs import ImagePairsPreparation
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.preprocessing.pairs import draw_pairs, most_pairs
from mtl_search.data.readers.idx import IDX_SUFFIXES, read_idx
from mtl_search.data.readers.paths import find_file
from mtl_search.data.splits import DEFAULT_FRACTIONS, consecutive_splits
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
    """Pair images: views `left` and `right`, targets `left`, `right` (class) and `same` (binary).

    The views are (N, C, H, V) float32. The images are split first, so that no image is in two
    splits; images that are equal in every byte count as one. Pairs are drawn within each split.
    Exactly half of the pairs of a split show the same class, an image is never paired with itself,
    and no pair is drawn twice. Images without a label are left out.

    Args:
        path: An `.npz` file or a folder of `.npy` files that holds both arrays; None: `images` and
            `labels` are IDX files, as MNIST has them.
        images: The key of the images, or their file: (N, H, V) or (N, C, H, V), or (N, H, V, C)
            with C = 1, 3 or 4, which is transposed.
        labels: The key of the labels, or their file: (N,).
        train: The number of pairs to train on, even.
        validation: The number of pairs to validate on, even.
        test: The number of pairs to test on, even.
        limit: The most images to use, chosen by seed; default: all.
        scale: The number by which pixels are divided, 255 for bytes.
        fractions: The fractions of the images for train, validation and test; each split is
            stratified by class.
        seed: The seed of the choice of images, of the split and of the pairs.

    Raises:
        ConfigError: A number of pairs is odd, or the images of its split do not form so many.
        DataError: A file cannot be read, or images and labels do not fit.
    """
    counts = check_pair_counts(train=train, validation=validation, test=test)
    options = SplitOptions.of(fractions=fractions, seed=seed)
    pixels, raw_shape, target = _read(path, images, labels)
    chosen = _choose_images(pixels, target.values, limit, options.seed)
    divisor = check_number(scale, "data.scale", exclude_low=True)
    target = Target(target.values[chosen], "class", target.classes)
    pairs = draw_split_pairs(target.values, counts, options, noun="images")
    return pair_data_set(pairs, target, pixels, divisor, chosen, raw_shape=raw_shape)


def check_pair_counts(**counts: object) -> dict[str, int]:
    """Check the number of pairs of each split.

    Raises:
        ConfigError: A number is not whole, or odd.
    """
    checked = {}
    for split, count in counts.items():
        checked[split] = check_int(count, f"data.{split}", low=2)
        if checked[split] % 2:
            raise ConfigError(
                "an even number is needed, for as many equal pairs as different ones",
                path=f"data.{split}",
                value=count,
            )
    return checked


def draw_split_pairs(
    labels: Array, counts: Mapping[str, int], options: SplitOptions, *, noun: str, **drawer: Any
) -> dict[str, Array]:
    """Split images, stratified by class, and draw pairs within each split.

    Args:
        labels: The class of each image (n,).
        counts: Split name → its number of pairs.
        options: The fractions and the seed.
        noun: The name of the images, for messages.
        drawer: Further arguments of `draw_pairs`.

    Returns:
        Split name → numbers of the images (pairs, 2).

    Raises:
        ConfigError: The images of a split do not form so many pairs.
    """
    pairs = {}
    rows = options.rows(len(labels), labels)
    for number, split in enumerate(SPLITS):
        split_labels = labels[rows[split]]
        most = most_pairs(split_labels)
        if counts[split] > most:
            raise ConfigError(
                f"{len(split_labels)} {noun} form no more than {most} pairs, half of them equal",
                path=f"data.{split}",
                value=counts[split],
            )
        rng = np.random.default_rng([options.seed, number])
        pairs[split] = draw_pairs(rows[split], split_labels, counts[split], rng, **drawer)
    return pairs


def pair_data_set(
    pairs: Mapping[str, Array],
    target: Target,
    pixels: Array,
    scale: float,
    rows: Array,
    *,
    raw_shape: tuple[int, ...] = (),
) -> DataSet:
    """Make a data set of pairs.

    Args:
        pairs: Split name → numbers of the images (pairs, 2).
        target: The class of each image.
        pixels: (n, C, H, V) pixels.
        scale: The number by which they are divided.
        rows: The rows of the images in `pixels`.
        raw_shape: The shape of an image where it was read from; (): as in `pixels`.
    """
    left, right = np.concatenate([pairs[split] for split in SPLITS]).T
    same = target.values[left] == target.values[right]
    channels, height, width = pixels.shape[1:]
    preparation = ImagePairsPreparation(
        (channels, height, width), scale, pixels.dtype.name, raw_shape=raw_shape
    )
    raw = {"left": pixels[rows[left]], "right": pixels[rows[right]]}
    return DataSet(
        inputs=preparation.transform(raw).inputs,
        targets={
            "left": Target(target.values[left], "class", target.classes),
            "right": Target(target.values[right], "class", target.classes),
            "same": Target(same.astype(np.int64), "binary", ("different", "same")),
        },
        splits=consecutive_splits([len(pairs[split]) for split in SPLITS]),
        preparation=preparation,
    )


def _read(path: object, images: object, labels: object) -> tuple[Array, tuple[int, ...], Target]:
    """Read images (N, C, H, V), the shape of one where it was stored, and their classes."""
    if path is None:
        pixels = read_idx(find_file("images", images, IDX_SUFFIXES))
        raw = read_idx(find_file("labels", labels, IDX_SUFFIXES))
    else:
        images_key = check_text(images, "data.images")
        labels_key = check_text(labels, "data.labels")
        pixels, raw = read_arrays(path, {"images": images_key, "labels": labels_key})
    raw_shape = pixels.shape[1:]
    pixels = _channels_first(pixels)
    if raw.shape != pixels.shape[:1]:
        raise DataError(
            f"{len(pixels)} images need as many labels; these have the shape {raw.shape}"
        )
    return pixels, raw_shape, encode_target("labels", raw, "class")


def _channels_first(pixels: Array) -> Array:
    """Return images as (N, C, H, V).

    Raises:
        DataError: They are none.
    """
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    elif pixels.ndim == 4 and pixels.shape[3] in (1, 3, 4) and pixels.shape[1] not in (1, 3, 4):
        pixels = pixels.transpose(0, 3, 1, 2)
    if pixels.ndim != 4 or pixels.dtype.kind not in "uif":
        raise DataError(
            f"images are numbers (N, H, V) or (N, C, H, V); these are {pixels.dtype} {pixels.shape}"
        )
    return pixels


def _choose_images(pixels: Array, classes: Array, limit: object, seed: int) -> Array:
    """Return the numbers of the images to use, in order: labelled, and each content once."""
    labelled = np.flatnonzero(classes >= 0)
    contents = [hashlib.blake2b(pixels[row].tobytes(), digest_size=16).digest() for row in labelled]
    first_rows = np.unique(np.array(contents, "S16"), return_index=True)[1]
    rows = labelled[np.sort(first_rows)]
    if len(rows) < len(classes):
        logger.info(
            "%d of %d images are left out: %d without a label, %d alike in every byte to another "
            "one",
            len(classes) - len(rows), len(classes),
            len(classes) - len(labelled), len(labelled) - len(rows),
        )  # fmt: skip
    if limit is None:
        return rows
    most = check_int(limit, "data.limit", low=3)
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
