"""A table in a CSV or Parquet file: some columns are the input, others the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.checks import check_choice, check_int
from mtl_search.data.dataset import DataSet
from mtl_search.data.datasets.split_options import OfficialSplit, SplitOptions
from mtl_search.data.datasets.table_splits import check_full_column, split_table
from mtl_search.data.datasets.target_columns import (
    check_columns,
    check_target_columns,
    column_target,
    raw_columns,
)
from mtl_search.data.datasets.target_spec import target_specs, with_all_targets
from mtl_search.data.preparation.table import TablePreparation
from mtl_search.data.preprocessing.columns import fit_columns
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.frames import is_frame
from mtl_search.data.readers.paths import find_file
from mtl_search.data.readers.places import RowPlaces
from mtl_search.data.readers.tables import RawColumns, is_csv, read_table
from mtl_search.data.splits import DEFAULT_FRACTIONS, consecutive_splits
from mtl_search.data.types import SPLITS, TargetKind
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

_KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real")
_PLAIN_CSV = {
    "separator": None,
    "decimal": ".",
    "missing": (),
    "names": None,
    "encoding": "utf-8",
}


def table(
    path: str | Mapping[str, str],
    targets: Mapping[str, Any],
    *,
    names: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] | None = None,
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    split: str | None = None,
    stratify: str | None = None,
    group: str | None = None,
    separator: str | None = None,
    decimal: str = ".",
    missing: Sequence[str] = (),
    encoding: str = "utf-8",
    max_categories: int = 64,
    seed: int = 0,
) -> DataSet:
    """Read a table into one view `table`, (N, W) float32, and any number of targets.

    Numbers are standardised. A missing number becomes the mean, and a further column marks it where
    train rows have missing ones. A category becomes one column for each of its values and one for
    missing or unknown. Everything is fitted on the train rows only. Missing labels are masked. In a
    CSV, the texts that pandas reads as missing (NA, NaN, null, None, ...) are missing.

    Args:
        path: A CSV (`.csv`, `.tsv`, also `.gz`) or Parquet file. `package:NAME/path` is a file
            inside an installed package. `{train: ..., validation: ..., test: ...}` gives each split
            its own file; those of validation and test may lack the targets.
        targets: Target name → kind (class, binary, multilabel or real), or
            `{kind: ..., column: ...}` where the column has another name, or
            `{kind: multilabel, columns: [...]}`, or `{column: ..., positive: value}`, which is
            binary and whose other values are 0. A name with `*`, such as `assay_*`, stands for all
            columns that it matches and that nothing else names. `missing: [-1, "?"]` of a class or
            binary target says which labels are missing beside empty ones; by default -1 and the
            texts that pandas reads as missing, with a warning.
        names: The names of the columns, for a CSV without a header line.
        columns: The input columns; default: all but targets, `split`, `group` and `ignore`.
        ignore: Columns that are not inputs, such as a row's number.
        categorical: The input columns that hold categories; default: those in which some train row
            holds no number.
        fractions: The fractions of train, validation and test, for a split by seed.
        split: A column that says `train`, `validation` or `test`, instead of a split by seed.
        stratify: A class or binary target whose classes are spread evenly over the splits.
        group: A column whose equal values stay together in one split, such as a patient's number.
        separator: The text between the cells of a CSV; default: comma, or tab in a `.tsv`.
        decimal: The decimal mark of the numbers in a CSV, `.` or `,`.
        missing: Further texts that mean a missing value in a CSV, such as `?`.
        encoding: How the characters of a CSV are written, such as `latin-1` or `utf-16`.
        max_categories: The most categories of one column; more are taken for a mistake.
        seed: The seed of the split.

    Raises:
        ConfigError: An argument is wrong, or names a column that does not exist.
        DataError: The file cannot be read, or its content does not fit.
    """
    specs = target_specs(targets, _KINDS, "column")
    options = SplitOptions.of(
        fractions=fractions,
        seed=seed,
        split=split,
        stratify=stratify,
        group=group,
        given="`path` names a file for each split" if isinstance(path, Mapping) else "",
    )
    csv = CsvFormat.of(
        separator=separator, decimal=decimal, missing=missing, names=names, encoding=encoding
    )
    ignored = check_columns(ignore, "data.ignore") if ignore else ()
    reserved = {options.column, options.group, *ignored}
    no_targets = {*reserved, *_named_inputs(columns)}
    frames, places = _read(path, csv, raw_columns(specs, no_targets))
    first = next(iter(frames.values()))
    for column in ignored:
        check_choice(column, "data.ignore", first.columns, "column")
    if options.column is not None:
        check_choice(options.column, "data.split", first.columns, "column")
    if options.group is not None:
        with places.told():
            check_full_column(first, "group", options.group)
    specs = with_all_targets(specs, first.columns, no_targets)
    check_target_columns(first, specs)
    reserved.update(source for spec in specs.values() for source in spec.sources)
    inputs = _input_columns(frames, columns, reserved)
    categories = _categorical_columns(categorical, inputs)
    most = check_int(max_categories, "data.max_categories")

    import pandas as pd

    frame = first if len(frames) == 1 else pd.concat(frames.values(), ignore_index=True)
    with places.told():
        encoded = {name: column_target(name, frame, spec) for name, spec in specs.items()}
        if len(frames) > 1:
            splits = consecutive_splits(list(map(len, frames.values())))
        else:
            splits = split_table(frame, options, encoded, np.arange(len(frame)))
        encoder = fit_columns(frame.iloc[splits["train"]], inputs, categories, most)
        preparation = TablePreparation(encoder, csv, is_csv(path))
        views = preparation.transform(frame).inputs
    return DataSet(views, encoded, splits, preparation=preparation)


def _official_split(arguments: Mapping[str, Any]) -> OfficialSplit | None:
    why = "the columns are scaled and encoded by its training rows"
    if isinstance(arguments.get("path"), Mapping):
        return OfficialSplit("path", why)
    return OfficialSplit("split", why) if arguments.get("split") is not None else None


def _target_names(arguments: Mapping[str, Any]) -> list[str]:
    """Return the names of the targets, of which the table's columns say those of a pattern."""
    specs = target_specs(arguments["targets"], _KINDS, "column")
    csv = CsvFormat.of(**{key: arguments.get(key, value) for key, value in _PLAIN_CSV.items()})
    frames, _ = _read(arguments["path"], csv)
    first = next(iter(frames.values()))
    reserved = {arguments.get("split"), arguments.get("group")}
    for key in ("ignore", "columns"):
        reserved |= {*_named_inputs(arguments.get(key))}
    return list(with_all_targets(specs, first.columns, reserved))


def _named_inputs(columns: object) -> Sequence[str]:
    """Return the columns that a config names, checked later; one name stands for a list of one."""
    if isinstance(columns, str):
        return (columns,)
    return [str(name) for name in columns] if isinstance(columns, list | tuple) else ()


table.official_split = _official_split  # type: ignore[attr-defined]
table.target_names = _target_names  # type: ignore[attr-defined]


def _read(
    path: object, csv: CsvFormat, raw: RawColumns | None = None
) -> tuple[dict[str, pd.DataFrame], RowPlaces]:
    """Read one table called "", or one for each split; return where their rows stand, too."""
    if not isinstance(path, Mapping):
        frame = read_table("path", path, csv, raw)
        return {"": frame}, RowPlaces([(_source("path", path), len(frame))], csv)
    for key in path:
        check_choice(str(key), f"data.path.{key}", SPLITS, "split")
    lacking = [name for name in SPLITS if name not in path]
    if lacking:
        raise ConfigError(
            f"a file for {', '.join(lacking)} is needed, too (or one file for all)",
            path="data.path",
            value=dict(path),
        )
    named = [str(path[name]) for name in SPLITS if not is_frame(path[name])]
    if len(set(named)) < len(named):
        raise ConfigError(
            "each split needs a file of its own (or one file for all)",
            path="data.path",
            value=dict(path),
        )
    frames = {name: read_table(f"path.{name}", path[name], csv, raw) for name in SPLITS}
    files = [(_source(f"path.{name}", path[name]), len(frame)) for name, frame in frames.items()]
    return frames, RowPlaces(files, csv)


def _source(argument: str, value: object) -> Path | str:
    """Return the file of a table; a text for a data frame."""
    return "the data frame" if is_frame(value) else find_file(argument, value, ())


def _input_columns(
    frames: Mapping[str, pd.DataFrame], columns: object, reserved: set[str | None]
) -> tuple[str, ...]:
    """Return the input columns, which exist in every file.

    Args:
        frames: The table, or one for each split.
        columns: The columns that the config names; None: all that are not reserved.
        reserved: Columns that cannot be inputs.
    """
    first = next(iter(frames.values()))
    if columns is None:
        inputs = tuple(column for column in first.columns if column not in reserved)
    else:
        inputs = check_columns(columns, "data.columns")
    if not inputs:
        raise ConfigError("no column is left for the input: all are targets", path="data.columns")
    for column in inputs:
        check_choice(column, "data.columns", first.columns, "column")
        if column in reserved:
            raise ConfigError(
                "this column is a target, the split or the group, so it cannot be input",
                path="data.columns",
                value=column,
            )
        for split, frame in frames.items():
            if column not in frame.columns:
                raise DataError(
                    f"the {split} file has no column {column!r}, which the train file has"
                )
    return inputs


def _categorical_columns(categorical: object, inputs: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the categorical input columns; None: the train rows decide."""
    if categorical is None:
        return None
    if categorical in ([], ()):
        return ()
    columns = check_columns(categorical, "data.categorical")
    for column in columns:
        check_choice(column, "data.categorical", inputs, "input column")
    return columns
