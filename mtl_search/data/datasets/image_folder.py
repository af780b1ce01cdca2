"""A folder of image files with a CSV of labels, any number of label columns."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.checks import check_choice, check_int, check_number
from mtl_search.data.dataset import DataSet
from mtl_search.data.datasets.split_options import OfficialSplit, SplitOptions
from mtl_search.data.datasets.table_splits import check_full_column, split_table
from mtl_search.data.datasets.target_columns import (
    check_target_columns,
    column_target,
    raw_columns,
)
from mtl_search.data.datasets.target_spec import target_specs, with_all_targets
from mtl_search.data.preparation.base import RowError
from mtl_search.data.preparation.images import ImagePreparation
from mtl_search.data.readers.cache import cache_folder, cached, digest, files_digest, free_bytes
from mtl_search.data.readers.cells import plain_text
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.images import (
    ImageFiles,
    Seen,
    check_images,
    list_problems,
)
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.data.readers.paths import find_file, named_file
from mtl_search.data.readers.places import RowPlaces
from mtl_search.data.readers.tables import read_table
from mtl_search.data.splits import DEFAULT_FRACTIONS
from mtl_search.data.types import Array, InputArray, TargetKind
from mtl_search.errors import ConfigError, DataError, short

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

_KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real")
# Part of every cache key: another number when images are decoded or stored in another way.
_FORMAT = "decoded images 3"
# With `decoded: auto` the cache keeps all images up to these bytes and this part of the free disk.
_MAX_CACHED_BYTES = 8 << 30
_MAX_PART_OF_DISK = 0.5


def image_folder(
    path: str,
    labels: str,
    targets: Mapping[str, Any],
    *,
    file: str = "file",
    size: int | Sequence[int] = 64,
    channels: int = 3,
    white: float | None = None,
    bad_images: str = "fatal",
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    split: str | None = None,
    stratify: str | None = None,
    group: str | None = None,
    limit: int | None = None,
    separator: str | None = None,
    decimal: str = ".",
    missing: Sequence[str] = (),
    encoding: str = "utf-8",
    decoded: str = "auto",
    cache: str | None = None,
    seed: int = 0,
) -> DataSet:
    """Read images into one view `image`, (N, C, H, V) float32 in [0, 1], and any number of targets.

    All files are decoded, by threads, when the data set is built: a missing, truncated or otherwise
    bad file is reported then, and not in the middle of a sweep. Decoded images are kept in a cache
    on disk and read batch by batch from there. Where they would take more than 8 GiB, or half of
    the free disk, they are decoded again whenever they are read.

    Args:
        path: The folder.
        labels: A CSV or Parquet file with one row for each image.
        targets: Target name → kind (class, binary, multilabel or real), or
            `{kind: ..., column: ...}`, as for `table`.
        file: The column that names the image's file, relative to the folder.
        size: H and V, as one number or two. Images are scaled, and cropped in the middle.
        channels: C, 3 or 1 (grey). What is transparent is shown on white.
        white: The value of white in files of 16 bits or real numbers, such as 4095 for 12 bits;
            default: the largest of 16 bits, or 1.
        bad_images: `fatal`, or `skip` them (the log says how many).
        fractions: The fractions of train, validation and test, for a split by seed.
        split: A column that says `train`, `validation` or `test`, instead of a split by seed.
        stratify: A class or binary target whose classes are spread evenly over the splits.
        group: A column whose equal values stay together in one split, such as a person's name.
        limit: The most images to use, chosen by seed; default: all.
        separator: The text between the cells of a CSV; default: comma, or tab in a `.tsv`.
        decimal: The decimal mark of the numbers in a CSV, `.` or `,`.
        missing: Further texts that mean a missing value in a CSV, such as `?`.
        encoding: How the characters of a CSV are written, such as `latin-1` or `utf-16`.
        decoded: `auto`; `cache` keeps decoded images whatever they take; `never` keeps none.
        cache: The folder of the cache; default: `mtl_search` in the user's cache.
        seed: The seed of the split.

    Raises:
        ConfigError: An argument is wrong, or names a column that does not exist.
        DataError: A file cannot be read, or an image is bad and `bad_images` is `fatal`.
    """
    check_choice(bad_images, "data.bad_images", ("skip", "fatal"), "way to treat bad images")
    check_choice(decoded, "data.decoded", ("auto", "cache", "never"), "way to keep decoded images")
    shape = _check_shape(size, channels)
    if white is not None:
        white = check_number(white, "data.white", exclude_low=True)
    specs = target_specs(targets, _KINDS, "column")
    options = SplitOptions.of(
        fractions=fractions, seed=seed, split=split, stratify=stratify, group=group
    )
    folder = find_file("path", path, ())
    if not folder.is_dir():
        raise ConfigError("a folder of images is needed", path="data.path", value=path)
    csv = CsvFormat.of(separator=separator, decimal=decimal, missing=missing, encoding=encoding)
    file = plain_text(file)
    no_targets = {file, options.column, options.group}
    whole = read_table("labels", labels, csv, raw_columns(specs, no_targets))
    rows = _sample_rows(len(whole), limit, seed)
    places = RowPlaces([(find_file("labels", labels, ()), len(whole))], csv, rows)
    frame = whole.iloc[rows].reset_index(drop=True)
    with places.told():
        check_full_column(frame, "file", file)
        for argument, column in (("split", options.column), ("group", options.group)):
            if column is not None:
                check_full_column(frame, argument, column)
        specs = with_all_targets(specs, frame.columns, no_targets)
        check_target_columns(frame, specs)
        names = _file_names(frame[file])
    images, problems = _load_images(
        folder, names, (shape, white), decoded, cache_folder("cache", cache)
    )
    good = _good_rows(names, problems, skip=bad_images == "skip")
    with places.told():
        encoded = {name: column_target(name, frame, spec) for name, spec in specs.items()}
        splits = split_table(frame, options, encoded, good)
    preparation = ImagePreparation(shape, file, csv, white)
    return DataSet({"image": images}, encoded, splits, preparation=preparation)


def _official_split(arguments: Mapping[str, Any]) -> OfficialSplit | None:
    return OfficialSplit("split") if arguments.get("split") is not None else None


image_folder.official_split = _official_split  # type: ignore[attr-defined]
# A smoke test must not decode a million files before its first trial.
image_folder.smoke = {"limit": 1000}  # type: ignore[attr-defined]


def _check_shape(size: object, channels: object) -> tuple[int, int, int]:
    """Return C, H and V."""
    sides = size if isinstance(size, list | tuple) else [size, size]
    if len(sides) != 2:
        raise ConfigError("one number, or height and width", path="data.size", value=size)
    if channels not in (1, 3):
        raise ConfigError("3 for colours or 1 for grey", path="data.channels", value=channels)
    return int(channels), check_int(sides[0], "data.size"), check_int(sides[1], "data.size")


def _sample_rows(count: int, limit: object, seed: object) -> Array:
    """Return the sorted numbers of at most `limit` rows, chosen by seed."""
    import pandas as pd

    rows = pd.Series(np.arange(count))
    if limit is None:
        return rows.to_numpy()
    most = check_int(limit, "data.limit", low=3)
    if count > most:
        rows = rows.sample(most, random_state=check_int(seed, "data.seed", low=0)).sort_index()
    return rows.to_numpy()


def _file_names(column: pd.Series[Any]) -> list[str]:
    """Return the names of the files in their normal form.

    Raises:
        RowError: A name stands there twice.
    """
    names = [os.path.normpath(str(name).strip()) for name in column]
    seen: set[str] = set()
    for row, name in enumerate(names):
        if plain_text(name) in seen:
            raise RowError(
                f"the file {short(name)} is named twice, so it could come into two splits: in row",
                row,
                " for the second time",
            )
        seen.add(plain_text(name))
    return names


def _good_rows(names: Sequence[str], problems: Sequence[str], *, skip: bool) -> Array:
    """Return the numbers of the rows whose image is fine.

    Args:
        names: The names of the files.
        problems: What is wrong with each file; empty where nothing is.
        skip: Whether bad images are left out; otherwise they are an error.
    """
    bad = [row for row, problem in enumerate(problems) if problem]
    if bad:
        listed = list_problems([names[row] for row in bad], [problems[row] for row in bad])
        text = f"{len(bad)} of {len(names)} images are bad: {listed}"
        if len(bad) == len(names):
            raise DataError(text)
        if not skip:
            raise DataError(f"{text} (leave them out: `bad_images: skip`)")
        logger.warning("%s; they are left out", text)
    return np.setdiff1d(np.arange(len(names)), bad)


def _load_images(
    folder: Path,
    names: Sequence[str],
    form: tuple[tuple[int, int, int], float | None],
    decoded: str,
    cache: Path,
) -> tuple[InputArray, list[str]]:
    """Return all images, and what is wrong with each file.

    The pixels of a bad file are black, and its row is in no split.
    """
    shape, white = form
    paths = [named_file(folder, name) for name in names]
    cache = cache / "images"
    stamps = [f"{path}:{_file_stamp(path)}" for path in paths]
    key = digest([_FORMAT, str(form), str(folder.resolve()), *stamps])
    # What is wrong is known already when the pixels have just been decoded for the cache.
    problems: list[str] = []
    seen = Seen(knows_white=white is not None)

    def write_pixels(path: Path) -> None:
        store = np.lib.format.open_memmap(
            path, mode="w+", dtype=np.uint8, shape=(len(paths), *shape)
        )
        problems.extend(check_images(paths, shape, store, white, seen))
        store.flush()

    def write_problems(path: Path) -> None:
        found = problems or check_images(paths, shape, None, white, seen)
        path.write_text(json.dumps([found, seen.notes()]), encoding="utf-8")

    logger.info("decoding %d images of %s, unless they are in the cache", len(paths), folder)
    nbytes = len(paths) * int(np.prod(shape))
    fingerprint = files_digest(names, paths)
    images: InputArray
    if decoded == "cache" or (decoded == "auto" and _fits_in_cache(cache, key, nbytes)):
        images = MemmapArray(cached(cache, key, ".npy", write_pixels), 255.0, fingerprint)
    else:
        images = ImageFiles(paths, shape, fingerprint, white)
    file = cached(cache, key, ".json", write_problems)
    found, notes = json.loads(file.read_text(encoding="utf-8"))
    for note in notes:
        logger.warning("%s: %s", folder, note)
    return images, found


def _fits_in_cache(cache: Path, key: str, nbytes: int) -> bool:
    """Return whether the cache may keep so many bytes, or holds them already."""
    if (cache / f"{key}.npy").exists():
        return True
    return nbytes <= min(_MAX_CACHED_BYTES, _MAX_PART_OF_DISK * free_bytes(cache))


def _file_stamp(path: Path) -> str:
    """Return a text that changes when the file does."""
    try:
        stat = path.stat()
    except OSError:
        return "missing"
    return f"{stat.st_size}:{stat.st_mtime_ns}"
