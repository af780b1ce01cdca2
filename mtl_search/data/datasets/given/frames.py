"""Data sets from data frames, and from what can be turned into some."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.families.patterns import check_found, is_pattern, members
from mtl_search.data.dataset import DataSet
from mtl_search.data.datasets.given.kinds import column_kind, tell_kinds
from mtl_search.data.datasets.table import table
from mtl_search.data.readers.cells import as_column, missing_cells
from mtl_search.data.readers.frames import is_frame, named_frame
from mtl_search.data.types import SPLITS
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

# Names of splits elsewhere.
_OTHER_NAMES = {"validation": ("valid", "val", "dev"), "train": ("training",), "test": ()}

# Of a test or a validation split that is not there, the part of the train rows that it gets.
_HELD_OUT = 0.2

SPLIT_COLUMN = "split (mtl_search)"


def from_pandas(frame: Any, targets: Any, **arguments: Any) -> DataSet:
    """Return the data set of `DataSet.from_pandas`, which describes the arguments."""
    are_frames = isinstance(frame, Mapping) and all(map(is_frame, frame.values()))
    if not (is_frame(frame) or are_frames):
        raise DataError(
            f"a pandas data frame is needed, or one for each of {', '.join(SPLITS)}; this is a "
            f"{type(frame).__name__}"
        )
    with argument_paths():
        first = frame if is_frame(frame) else frame.get("train")
        if first is None:
            raise ConfigError("a data frame `train` is needed", path="data.frame")
        named = named_frame("the data frame", first)
        specs = with_kinds(named, targets, _no_targets(arguments))
        _check_cells(named, arguments)
        return table(frame, specs, **arguments)


def from_huggingface(dataset: Any, targets: Any, *, seed: int = 0, **arguments: Any) -> DataSet:
    """Return the data set of `DataSet.from_huggingface`, which describes the arguments."""
    if not isinstance(dataset, Mapping):
        return from_pandas(_decoded(dataset), targets, seed=seed, **arguments)
    import pandas as pd

    for argument in ("split", "group", "stratify"):
        if arguments.get(argument) is not None:
            message = "the data set has splits already; leave this out, or hand over one split"
            raise ConfigError(message, path=argument, value=arguments[argument])
    arguments = {key: value for key, value in arguments.items() if key != "split"}
    frames = {split: _decoded(part) for split, part in _named_splits(dataset).items()}
    parts = []
    for split, frame in frames.items():
        names = np.full(len(frame), split, object)
        if split == "train":
            order = np.random.default_rng(seed).permutation(len(frame))
            count = int(len(frame) * _HELD_OUT)
            for number, name in enumerate(name for name in SPLITS if name not in frames):
                names[order[number * count : (number + 1) * count]] = name
        parts.append(frame.assign(**{SPLIT_COLUMN: names}))
    whole = pd.concat(parts, ignore_index=True)
    return from_pandas(whole, targets, split=SPLIT_COLUMN, seed=seed, **arguments)


def with_kinds(
    frame: pd.DataFrame, targets: Any, no_targets: Collection[Any] = ()
) -> dict[str, Any]:
    """Return targets with the kind of each: the one that is given, or the one of its values.

    Args:
        frame: The data frame.
        targets: Names of columns; or name → kind, a mapping as of the data set `table`, or None.
            A name with `*` stands for all columns that it matches.
        no_targets: Columns that belong to no such name.

    Raises:
        ConfigError: There is no such column.
        DataError: The kind of a column is not clear.
    """
    inferred: dict[str, Any] = {}
    given = _named_targets(frame, targets, no_targets)
    for name, spec in given.items():
        if _says_kind(spec):
            continue
        column = str(spec.get("column", name)) if isinstance(spec, Mapping) else str(name)
        if column not in frame.columns:
            raise ConfigError(
                "there is no such column",
                path=f"data.targets.{name}",
                value=column,
                allowed=list(frame.columns),
            )
        inferred[str(name)] = column_kind(str(name), as_column(frame[column]))
        given[name] = {**(spec or {}), "kind": inferred[str(name)], "column": column}
    tell_kinds(inferred)
    return {str(name): _as_in_file(spec) for name, spec in given.items()}


def _as_in_file(spec: Any) -> Any:
    """Return a specification whose positive value may be a truth value, as cells of a frame are."""
    if isinstance(spec, Mapping) and isinstance(spec.get("positive"), bool | np.bool_):
        return {**spec, "positive": str(spec["positive"])}
    return spec


def _no_targets(arguments: Mapping[str, Any]) -> set[str]:
    """Return the columns that no name with `*` stands for."""
    named: set[str] = set()
    for key in ("split", "group", "ignore", "columns"):
        value = arguments.get(key)
        named |= {value} if isinstance(value, str) else set(map(str, value or ()))
    return named


def _named_targets(
    frame: pd.DataFrame, targets: Any, no_targets: Collection[Any]
) -> dict[Any, Any]:
    """Return name → what is said of the target, with each column where the kind is to be found."""
    if isinstance(targets, str) or not isinstance(targets, Iterable):
        targets = [targets]
    given = dict(targets) if isinstance(targets, Mapping) else dict.fromkeys(targets)
    columns = list(map(str, frame.columns))
    open_ones = {
        str(name): spec
        for name, spec in given.items()
        if is_pattern(str(name)) and str(name) not in columns and not _says_kind(spec)
    }
    if not open_ones:
        return given
    sources = {str(spec.get("column")) for spec in given.values() if isinstance(spec, Mapping)}
    taken = {*map(str, given), *map(str, no_targets), *sources}
    free = [column for column in columns if column not in taken]
    found = members([name for name in map(str, given) if is_pattern(name)], free)
    expanded: dict[Any, Any] = {}
    for name, spec in given.items():
        if name in open_ones:
            check_found(found[name], name, f"data.targets.{name}", "columns", free)
            expanded |= dict.fromkeys(found[name], spec)
        else:
            expanded[name] = spec
    return expanded


def _says_kind(spec: Any) -> bool:
    if not isinstance(spec, Mapping):
        return spec is not None
    return bool({"kind", "columns", "positive"} & {*spec})


@contextmanager
def argument_paths() -> Iterator[None]:
    """Name arguments in errors as a program gives them, without the section of a config."""
    try:
        yield
    except ConfigError as error:
        raise error.at(error.path.removeprefix("data.")) from error


def _check_cells(frame: pd.DataFrame, arguments: Mapping[str, Any]) -> None:
    """Refuse columns whose cells are lists, arrays or mappings."""
    ignored = set(arguments.get("ignore") or ())
    chosen = arguments.get("columns")
    for name in frame.columns if chosen is None else chosen:
        if name in ignored or name not in frame.columns:
            continue
        values = as_column(frame[name])
        if values.dtype != object:
            continue
        present = values[~missing_cells(values)]
        if len(present) and isinstance(present.iloc[0], list | tuple | dict | set | np.ndarray):
            raise DataError(
                f"the column {name!r} holds a {type(present.iloc[0]).__name__} in each row, and a "
                "table has one value there; leave it out by `ignore`, or hand over arrays by "
                "`DataSet.from_arrays`"
            )


def _named_splits(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a data set by our names of splits.

    Raises:
        DataError: A part has another name, or there is none to train on.
    """
    known = {name: split for split, others in _OTHER_NAMES.items() for name in (split, *others)}
    unknown = [str(name) for name in dataset if name not in known]
    if unknown or "train" not in map(known.get, dataset):
        raise DataError(
            f"the splits are {', '.join(map(str, dataset))}; needed is train, and validation and "
            "test where there are some; hand over a mapping of those that you want"
        )
    return {known[name]: part for name, part in dataset.items()}


def _decoded(dataset: Any) -> pd.DataFrame:
    """Return a data set of Hugging Face, or a table of Arrow, as a data frame.

    Raises:
        DataError: It is none.
    """
    if not hasattr(dataset, "to_pandas"):
        raise DataError(
            f"a `datasets.Dataset`, `datasets.DatasetDict` or Arrow table is needed, and this is a "
            f"{type(dataset).__name__}; load one by `datasets.load_dataset(..., streaming=False)`"
        )
    frame: pd.DataFrame = dataset.to_pandas()
    features = getattr(dataset, "features", None)
    for name, feature in (features or {}).items():
        names = getattr(feature, "names", None)
        if isinstance(names, Sequence) and not isinstance(names, str) and name in frame:
            # A class is a number there, and -1 where it is not known.
            texts = dict(enumerate(names))
            frame[name] = frame[name].map(lambda number, texts=texts: texts.get(number))
    return frame
