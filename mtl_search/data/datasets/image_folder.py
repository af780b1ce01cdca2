"""A folder of image files with a CSV of labels, any number of label columns."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.checks import check_choice, check_int, check_text
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets import target_spec
from mtl_search.data.datasets.table import (
    check_sources,
    column_target,
    given_split,
    stratify_labels,
)
from mtl_search.data.readers.cache import cache_folder, cached, digest, free_bytes
from mtl_search.data.readers.images import ImageFiles, check_images, shown
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.data.readers.paths import find_file
from mtl_search.data.readers.tables import csv_format, read_table
from mtl_search.data.splits import DEFAULT_FRACTIONS, random_split
from mtl_search.data.types import Array, InputArray, TargetKind
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

_KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real")
_BAD = ("skip", "fatal")
_FORMAT = "decoded images 2"
# Decoded bytes up to which all images are kept in the cache, and the part of the free disk that they may take.
_SMALL = 8 << 30
_PART_OF_FREE = 0.5


def image_folder(
    path: str,
    labels: str,
    targets: Mapping[str, Any],
    *,
    file: str = "file",
    size: int | Sequence[int] = 64,
    channels: int = 3,
    bad_images: str = "fatal",
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    split: str | None = None,
    stratify: str | None = None,
    group: str | None = None,
    limit: int | None = None,
    separator: str | None = None,
    decimal: str = ".",
    missing: Sequence[str] = (),
    decoded: str = "auto",
    cache: str | None = None,
    seed: int = 0,
) -> DataSet:
    """One view `image`, (N, C, H, V) float32 in [0, 1], and any number of targets, some labels missing.

    Every file is decoded once, by threads, when the data set is built: a missing, truncated or otherwise bad file is
    named then, and not in the middle of a sweep. Decoded images are kept in a cache on disk and read batch by batch
    from there; where they would take more than 8 GiB, or half of the free disk, they are decoded again whenever they
    are read.

    Args:
        path: The folder.
        labels: A CSV or Parquet file with a row an image.
        targets: Target name → kind (class, binary, multilabel or real), or `{kind: ..., column: ...}`; as for `table`.
        file: Column that names the image's file, relative to the folder.
        size: H and V: one number, or two. Images are scaled and cut to it in the middle.
        channels: C, 3 or 1 (grey).
        bad_images: `fatal`, or `skip` them (they are counted in the log).
        fractions: Parts of train, validation and test, for a split by seed.
        split: Column that says `train`, `validation` or `test`, instead of a split by seed.
        stratify: Class or binary target whose classes are spread evenly over the splits.
        group: Column whose equal values stay together in one split, such as the person on the photograph.
        limit: Use so many images at most, chosen by seed; default: all.
        separator: Between the cells of a CSV; default: comma, or tab in a `.tsv`.
        decimal: `.` or `,`, in the numbers of a CSV.
        missing: More texts of a CSV that stand for no value, such as `?`.
        decoded: `auto`; `cache` keeps decoded images whatever they take; `never` keeps none.
        cache: Folder where they are kept; default: `mtl_search` in the user's cache.
        seed: Of the split.

    Raises:
        ConfigError: An argument is wrong, or names a column that is not there.
        DataError: A file cannot be read, or an image is bad and `bad_images` is `fatal`.
    """
    check_choice(bad_images, "data.bad_images", _BAD, "way to treat bad images")
    check_choice(decoded, "data.decoded", ("auto", "cache", "never"), "way to keep decoded images")
    shape = _shape(size, channels)
    specs = target_spec.targets(targets, _KINDS, "column")
    folder = find_file("path", path, ())
    if not folder.is_dir():
        raise ConfigError("a folder of images is needed", path="data.path", value=path)
    frame = read_table("labels", labels, csv_format(separator, decimal, missing))
    if limit is not None and len(frame) > check_int(limit, "data.limit", low=3):
        frame = frame.sample(limit, random_state=seed).sort_index().reset_index(drop=True)
    _check_columns(
        frame, {"file": check_text(file, "data.file"), "split": split, "group": group}, specs
    )
    if split is not None and (stratify is not None or group is not None):
        raise ConfigError(
            "only a split by seed is stratified or by group, and this column gives one",
            path="data.split",
            value=split,
        )
    if stratify is not None and group is not None:
        raise ConfigError(
            "a split is either stratified or by group, not both", path="data.group", value=group
        )

    names = [os.path.normpath(str(name).strip()) for name in frame[file]]
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise DataError(
            f"{labels} names the file {twice!r} twice, so it could come into two splits"
        )
    images, fine = _images(folder, names, shape, decoded, cache_folder("cache", cache))
    problems = {name: problem for name, problem in zip(names, fine, strict=True) if problem}
    if problems:
        text = f"{len(problems)} of {len(names)} images are bad: {shown(list(problems), list(problems.values()))}"
        if len(problems) == len(names):
            raise DataError(text)
        if bad_images == "fatal":
            raise DataError(f"{text} (leave them out: `bad_images: skip`)")
        logger.warning("%s; they are left out", text)
    good = np.array([row for row, problem in enumerate(fine) if not problem])
    encoded = {name: column_target(name, frame, spec) for name, spec in specs.items()}
    rows = _split(
        frame,
        good,
        encoded,
        split=split,
        stratify=stratify,
        group=group,
        fractions=fractions,
        seed=seed,
    )
    return DataSet({"image": images}, encoded, rows)


# Every file is decoded before the first trial.
image_folder.smoke = {"limit": 1000}  # type: ignore[attr-defined]


def _shape(size: object, channels: object) -> tuple[int, int, int]:
    sides = size if isinstance(size, list | tuple) else [size, size]
    if len(sides) != 2:
        raise ConfigError("one number, or height and width", path="data.size", value=size)
    if channels not in (1, 3):
        raise ConfigError("3 for colours or 1 for grey", path="data.channels", value=channels)
    return int(channels), check_int(sides[0], "data.size"), check_int(sides[1], "data.size")


def _check_columns(
    frame: pd.DataFrame, choices: Mapping[str, object], specs: Mapping[str, Any]
) -> None:
    for name, column in choices.items():
        if column is not None:
            check_choice(
                check_text(column, f"data.{name}"), f"data.{name}", frame.columns, "column"
            )
            if frame[str(column)].isna().any():
                raise DataError(f"the {name} column {column!r} has empty cells")
    check_sources(frame, specs)


def _images(
    folder: Path, names: Sequence[str], shape: tuple[int, int, int], decoded: str, cache: Path
) -> tuple[InputArray, list[str]]:
    """The images, all of them, and what is wrong with each file.

    A bad file's pixels are black, and its row is in no split.
    """
    paths = [folder / name for name in names]
    inside = cache / "images"
    key = digest(
        [_FORMAT, str(shape), str(folder.resolve()), *(f"{path}:{_stamp(path)}" for path in paths)]
    )
    found: list[str] = []

    def write(path: Path) -> None:
        store = np.lib.format.open_memmap(
            path, mode="w+", dtype=np.uint8, shape=(len(paths), *shape)
        )
        found.extend(check_images(paths, shape, store))
        store.flush()

    def write_problems(path: Path) -> None:
        path.write_text(json.dumps(found or check_images(paths, shape, None)), encoding="utf-8")

    keep = decoded == "cache" or (
        decoded == "auto" and _fits(inside, key, len(paths) * int(np.prod(shape)))
    )
    logger.info("decoding %d images of %s, unless they are in the cache", len(paths), folder)
    pixels = cached(inside, key, ".npy", write) if keep else None
    problems: list[str] = json.loads(
        cached(inside, key, ".json", write_problems).read_text(encoding="utf-8")
    )
    return (ImageFiles(paths, shape) if pixels is None else MemmapArray(pixels, 255.0)), problems


def _fits(folder: Path, key: str, size: int) -> bool:
    """Whether the cache may keep so many bytes, or has them already."""
    if (folder / f"{key}.npy").exists():
        return True
    return size <= min(_SMALL, _PART_OF_FREE * free_bytes(folder))


def _stamp(path: Path) -> str:
    """What changes when a file does."""
    try:
        stat = path.stat()
    except OSError:
        return "missing"
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _split(
    frame: pd.DataFrame,
    good: Array,
    targets: Mapping[str, Target],
    *,
    split: str | None,
    stratify: object,
    group: str | None,
    fractions: object,
    seed: object,
) -> dict[str, Array]:
    """Rows of the three splits, good ones only."""
    if split is not None:
        return {
            name: np.intersect1d(rows, good) for name, rows in given_split(frame, split).items()
        }
    labels = stratify_labels(targets, stratify)
    dealt = random_split(
        len(good),
        target_spec.fractions("fractions", fractions),
        check_int(seed, "data.seed", low=0),
        stratify=None if labels is None else labels[good],
        groups=None if group is None else frame[group].astype(str).to_numpy(dtype=str)[good],
    )
    return {name: good[rows] for name, rows in dealt.items()}
