"""A table in a CSV or Parquet file: some columns are the input, others the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.checks import check_choice, check_int, check_names, check_text
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets import target_spec
from mtl_search.data.datasets.target_spec import TargetSpec
from mtl_search.data.preprocessing.columns import fit_columns
from mtl_search.data.preprocessing.labels import encode
from mtl_search.data.readers.cells import as_column, category_text, distinct, missing
from mtl_search.data.readers.tables import CsvFormat, csv_format, read_table
from mtl_search.data.splits import DEFAULT_FRACTIONS, random_split
from mtl_search.data.types import MISSING, SPLITS, Array, TargetKind
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

_KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real")


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
    max_categories: int = 64,
    seed: int = 0,
) -> DataSet:
    """One view `table`, (N, W) float32, and any number of targets.

    Numbers are standardised, missing ones become the mean (with a column that says so, where train rows lack some);
    categories become one column each and one for missing or unknown. All of that is fitted on the train rows only.
    Missing labels are masked. In a CSV, the texts that pandas takes for missing (NA, NaN, null, None, ...) are.

    Args:
        path: A CSV (`.csv`, `.tsv`, also `.gz`) or Parquet file; `package:NAME/path` is a file inside an installed
            package; `{train: ..., validation: ..., test: ...}` gives each split its own file (those of validation
            and test may lack the targets).
        targets: Target name → kind (class, binary, multilabel or real), or `{kind: ..., column: ...}` where the
            column is called otherwise, or `{kind: multilabel, columns: [...]}`, or
            `{kind: binary, column: ..., positive: value}` where any other value of the column is 0.
        names: Names of the columns of a CSV that has no line with them.
        columns: The input columns; default: all but targets, `split`, `group` and those of `ignore`.
        ignore: Columns that are no input, such as a number that only tells the rows apart.
        categorical: Input columns that hold categories; default: those with anything but numbers in a train row.
        fractions: Parts of train, validation and test, for a split by seed.
        split: Column that says `train`, `validation` or `test`, instead of a split by seed.
        stratify: Class or binary target whose classes are spread evenly over the splits.
        group: Column whose equal values stay together in one split, such as a patient's number.
        separator: Between the cells of a CSV; default: comma, or tab in a `.tsv`.
        decimal: `.` or `,`, in the numbers of a CSV.
        missing: More texts of a CSV that stand for no value, such as `?`.
        max_categories: More categories than this in one column are taken for a mistake.
        seed: Of the split.

    Raises:
        ConfigError: An argument is wrong, or names a column that is not there.
        DataError: The file cannot be read, or its content does not fit.
    """
    specs = target_spec.targets(targets, _KINDS, "column")
    frames = _read(path, csv_format(separator, decimal, missing, names))
    ignored = check_names(ignore, "data.ignore") if ignore else ()
    for column in ignored:
        check_choice(column, "data.ignore", next(iter(frames.values())).columns, "column")
    _check_choices(frames, split, stratify, group)
    inputs, labels = _choose_columns(
        frames,
        specs,
        columns=columns,
        categorical=categorical,
        taken={split, group, *ignored} - {None},
    )
    import pandas as pd

    frame = (
        next(iter(frames.values()))
        if len(frames) == 1
        else pd.concat(frames.values(), ignore_index=True)
    )
    encoded = {name: column_target(name, frame, spec) for name, spec in specs.items()}
    if len(frames) > 1:
        splits = _consecutive([len(part) for part in frames.values()])
    elif split is not None:
        splits = given_split(frame, split)
    else:
        parts = target_spec.fractions("fractions", fractions)
        splits = random_split(
            len(frame),
            parts,
            check_int(seed, "data.seed", low=0),
            stratify=stratify_labels(encoded, stratify),
            groups=None if group is None else frame[group].astype(str).to_numpy(dtype=str),
        )
    most = check_int(max_categories, "data.max_categories")
    encoder = fit_columns(frame.iloc[splits["train"]], inputs, labels, most)
    return DataSet(inputs={"table": encoder.transform(frame)}, targets=encoded, splits=splits)


def _read(path: object, written: CsvFormat) -> dict[str, pd.DataFrame]:
    """One table called "", or one a split."""
    if not isinstance(path, Mapping):
        return {"": read_table("path", path, written)}
    for key in path:
        check_choice(str(key), f"data.path.{key}", SPLITS, "split")
    lacking = [name for name in SPLITS if name not in path]
    if lacking:
        raise ConfigError(
            f"a file for {', '.join(lacking)} is needed, too (or one file for all)",
            path="data.path",
            value=dict(path),
        )
    if len({str(path[name]) for name in SPLITS}) < len(SPLITS):
        raise ConfigError(
            "each split needs a file of its own (or one file for all)",
            path="data.path",
            value=dict(path),
        )
    return {name: read_table(f"path.{name}", path[name], written) for name in SPLITS}


def _check_choices(
    frames: Mapping[str, pd.DataFrame], split: object, stratify: object, group: object
) -> None:
    """Only one way to split; the columns for it exist."""
    given = (
        "`path` names a file for each split"
        if len(frames) > 1
        else "`split` names a column"
        if split
        else None
    )
    if split is not None and len(frames) > 1:
        raise ConfigError(f"the split is given already: {given}", path="data.split", value=split)
    for name, value in (("stratify", stratify), ("group", group)):
        if value is not None and given:
            raise ConfigError(
                f"only a split by seed can do this, but {given}", path=f"data.{name}", value=value
            )
    if stratify is not None and group is not None:
        raise ConfigError(
            "a split is either stratified or by group, not both", path="data.group", value=group
        )
    frame = next(iter(frames.values()))
    for name, value in (("split", split), ("group", group)):
        if value is not None:
            check_choice(check_text(value, f"data.{name}"), f"data.{name}", frame.columns, "column")
    if group is not None and frame[str(group)].isna().any():
        raise DataError(f"the group column {group!r} has empty cells")


def _choose_columns(
    frames: Mapping[str, pd.DataFrame],
    specs: Mapping[str, TargetSpec],
    *,
    columns: object,
    categorical: object,
    taken: set[str | None],
) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The input columns, and which of them are categorical (None: to be seen from the train rows)."""
    frame = next(iter(frames.values()))
    taken = set(taken)
    check_sources(frame, specs)
    taken |= {source for spec in specs.values() for source in spec.sources}
    inputs = (
        tuple(c for c in frame.columns if c not in taken)
        if columns is None
        else check_names(columns, "data.columns")
    )
    if not inputs:
        raise ConfigError("no column is left for the input: all are targets", path="data.columns")
    for column in inputs:
        check_choice(column, "data.columns", frame.columns, "column")
        if column in taken:
            raise ConfigError(
                "this column is a target, the split or the group, so it cannot be input",
                path="data.columns",
                value=column,
            )
        for part, other in frames.items():
            if column not in other.columns:
                raise DataError(
                    f"the {part} file has no column {column!r}, which the train file has"
                )
    if categorical is None:
        return inputs, None
    chosen = () if categorical in ([], ()) else check_names(categorical, "data.categorical")
    for column in chosen:
        check_choice(column, "data.categorical", inputs, "input column")
    return inputs, chosen


def check_sources(frame: pd.DataFrame, specs: Mapping[str, TargetSpec]) -> None:
    """The columns of all targets exist."""
    for name, spec in specs.items():
        key = "columns" if spec.kind == "multilabel" else "column"
        for source in spec.sources:
            path = f"targets.{name}" if source == name else f"targets.{name}.{key}"
            check_choice(source, f"data.{path}", frame.columns, "column")


def column_target(name: str, frame: pd.DataFrame, spec: TargetSpec) -> Target:
    """The target of some columns."""
    if spec.positive is not None:
        return _one_value(name, frame[spec.sources[0]], spec.positive)
    if spec.kind != "multilabel":
        return encode(name, as_column(frame[spec.sources[0]]), spec.kind)
    # Column by column, so that each may be written in its own way (0/1, false/true, 1.0).
    labels = [
        encode(f"{name}: {source}", frame[[source]].to_numpy(), "multilabel")
        for source in spec.sources
    ]
    return Target(
        np.concatenate([label.values for label in labels], axis=1), "multilabel", spec.sources
    )


def _one_value(name: str, column: pd.Series[Any], positive: str) -> Target:
    """1 where the column has the value, 0 where it has another, missing where it has none."""
    gone = missing(column)
    wanted, (rows, kinds) = category_text(positive), distinct(as_column(column))
    equal = np.array([category_text(kind) == wanted for kind in kinds], bool)[rows] & ~gone
    if not equal.any():
        found = sorted(set(column[~gone].astype(str).str.strip()))[:20]
        raise ConfigError(
            "no row has this value",
            path=f"data.targets.{name}.positive",
            value=positive,
            allowed=found,
        )
    return Target(np.where(gone, MISSING, equal), "binary", ("other", positive))


def stratify_labels(targets: Mapping[str, Target], name: object) -> Array | None:
    """Labels of the target that the argument `stratify` names, if any."""
    if name is None:
        return None
    fit = [key for key, target in targets.items() if target.kind in ("class", "binary")]
    return targets[
        check_choice(
            check_text(name, "data.stratify"), "data.stratify", fit, "class or binary target"
        )
    ].values


def given_split(frame: pd.DataFrame, column: str) -> dict[str, Array]:
    """The split that a column says."""
    values = frame[column].astype(str).str.strip().to_numpy(dtype=object)
    odd = sorted({str(value) for value in values} - set(SPLITS))
    if odd:
        raise ConfigError(
            f"column {column!r} must say {', '.join(SPLITS)} in every row",
            path="data.split",
            value=odd[0],
            allowed=SPLITS,
        )
    return {name: np.flatnonzero(values == name) for name in SPLITS}


def _consecutive(lengths: list[int]) -> dict[str, Array]:
    ends = np.cumsum([0, *lengths])
    return {name: np.arange(ends[k], ends[k + 1]) for k, name in enumerate(SPLITS)}
