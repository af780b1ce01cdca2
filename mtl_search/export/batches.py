"""Batches of raw rows through the networks of a model.

N rows of a batch
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.checks import check_choice
from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import (
    Preparation,
    Prepared,
    RowError,
    check_finite,
    row_count,
)
from mtl_search.data.types import Array
from mtl_search.errors import DataError, MtlSearchError, SweepError
from mtl_search.export.joining import about_unknown
from mtl_search.export.members import Combined, Member

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

# Is called with the rows that are done and the number of all, None where that is not known.
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class PredictedBatch:
    """The predictions of a batch.

    Attributes:
        tasks: Task → its prediction.
        prepared: The rows as the networks read them.
        names: The names of the rows, or their numbers.
    """

    tasks: Mapping[str, Combined]
    prepared: Prepared
    names: Sequence[Any]

    def frame(self) -> pd.DataFrame:
        """Return one row for each row, with the columns of every task."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for task, combined in self.tasks.items():
            columns |= combined.columns(task, self.prepared)
        return pd.DataFrame(columns, index=pd.Index(self.names))

    def arrays(self) -> dict[str, Array]:
        """Return task → array (N, ...)."""
        arrays: dict[str, Array] = {}
        for task, combined in self.tasks.items():
            arrays |= combined.arrays(task)
        return arrays


def predict_raw(
    members: Sequence[Member],
    preparation: Preparation,
    raw: Any,
    tasks: Sequence[str],
    batch_size: int,
    *,
    progress: Progress | None = None,
) -> Iterator[PredictedBatch]:
    """Yield the predictions of raw rows, a batch at a time.

    Args:
        members: The networks.
        preparation: What turns raw rows into inputs.
        raw: The rows.
        tasks: The tasks.
        batch_size: The number of rows that a network reads at a time.
        progress: A function that is called after each batch.

    Raises:
        DataError: The rows are not what training saw.
    """
    total = rows_of(raw)
    unknown: dict[str, Counter[str]] = {}
    done = 0
    for prepared, names in prepared_batches(preparation, raw, max(batch_size, preparation.chunk)):
        yield PredictedBatch(combine(members, prepared, tasks, batch_size), prepared, names)
        for column, counts in prepared.unknown.items():
            unknown.setdefault(column, Counter()).update(counts)
        done += len(prepared)
        if progress is not None:
            progress(done, total)
    for column, counts in unknown.items():
        logger.warning("%s", about_unknown(column, counts))


def predict_prepared(
    members: Sequence[Member],
    views: Mapping[str, Any],
    masks: Mapping[str, Any],
    tasks: Sequence[str],
    batch_size: int,
) -> PredictedBatch:
    """Return the predictions of rows that the data set has prepared.

    Args:
        members: The networks.
        views: View → (N, ...) array.
        masks: View → (N, T) bool.
        tasks: The tasks.
        batch_size: The number of rows that a network reads at a time.

    Raises:
        DataError: The views are not what training saw.
        SweepError: A view that a network reads is missing.
    """
    needed = views_of(members)
    if missing := needed - views.keys():
        raise SweepError(f"the model needs the views {sorted(needed)}; missing: {sorted(missing)}")
    known = members[0].predictor
    inputs = {
        view: as_view(view, views[view], known.data_spec.inputs[view].dtype)
        for view in sorted(needed)
    }
    if known.preparation is not None:
        known.preparation.check_prepared(inputs)
    prepared = Prepared(inputs, {view: np.asarray(mask) for view, mask in masks.items()})
    combined = combine(members, prepared, tasks, batch_size)
    return PredictedBatch(combined, prepared, range(len(prepared)))


def chosen_tasks(known: Sequence[str], tasks: Sequence[str]) -> tuple[str, ...]:
    """Return the tasks to predict, in the order of the model.

    Args:
        known: The tasks of the model.
        tasks: The tasks that are asked for; one may be given as a text.

    Raises:
        ConfigError: There is no such task.
    """
    given = [tasks] if isinstance(tasks, str) else list(tasks)
    for task in given:
        check_choice(task, "tasks", known, "task")
    return tuple(task for task in known if task in given)


def is_prepared(members: Sequence[Member], raw: Any) -> bool:
    """Return whether rows are a mapping of views in the types that the networks read.

    Of views that are no columns or arrays of raw rows, such as `table`, the type does not matter.
    """
    views = views_of(members)
    if not isinstance(raw, Mapping) or not views <= raw.keys():
        return False
    if any(hasattr(raw[view], "columns") for view in views):
        return False
    preparation = members[0].predictor.preparation
    if preparation is not None and not views & {field.name for field in preparation.describe()}:
        return True
    inputs = members[0].predictor.data_spec.inputs
    if any(getattr(raw[view], "dtype", None) != inputs[view].dtype for view in views):
        return False
    return preparation is None or preparation.may_be_prepared(raw)


def as_view(name: str, values: Any, dtype: np.dtype[Any]) -> Array:
    """Return a view in the type that a network reads: other numbers are converted.

    Args:
        name: The name of the view, for messages.
        values: An array, a tensor, or lists of numbers.
        dtype: The type that training saw.

    Raises:
        DataError: They are no numbers, not finite, or fractions where tokens are needed.

    Examples:
        >>> as_view("table", [[1, 2.5]], np.dtype("float32"))
        array([[1. , 2.5]], dtype=float32)
    """
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(f"view {name!r} is no array of numbers of one shape") from None
    if array.dtype.kind not in "fiub":
        raise DataError(f"view {name!r} has values of type {array.dtype}; numbers are needed")
    if dtype.kind == "i" and array.dtype.kind == "f" and (array != np.rint(array)).any():
        raise DataError(f"view {name!r} has fractions; training saw whole numbers, as of tokens")
    # A number too large for float32 becomes infinite, which is refused.
    with np.errstate(over="ignore", invalid="ignore"):
        converted = array.astype(dtype, copy=False)
    check_finite(name, converted)
    return converted


def views_of(members: Sequence[Member]) -> set[str]:
    """Return the views that the networks read."""
    return {view for member in members for view in member.predictor.views}


def prepared_batches(
    preparation: Preparation, raw: Any, size: int
) -> Iterator[tuple[Prepared, Sequence[Any]]]:
    """Yield raw rows as the networks read them, with the names of the rows.

    Args:
        preparation: What turns raw rows into inputs.
        raw: The rows.
        size: The most rows of a batch.

    Raises:
        DataError: The rows are not what training saw.
    """
    first = 0
    for batch in preparation.batches(raw, size):
        prepared = _transform(preparation, batch, first)
        names = preparation.row_names(batch)
        yield prepared, range(first, first + len(prepared)) if names is None else names
        first += len(prepared)


def combine(
    members: Sequence[Member], prepared: Prepared, tasks: Sequence[str], batch_size: int
) -> dict[str, Combined]:
    """Predict the tasks of a batch by all networks that know them.

    Args:
        members: The networks.
        prepared: The rows.
        tasks: The tasks.
        batch_size: The number of rows that a network reads at a time.

    Raises:
        DataError: The rows do not fit the networks.
    """
    predictions: dict[str, list[Array]] = {task: [] for task in tasks}
    targets: dict[str, Target] = {}
    for member in members:
        if not set(tasks) & set(member.tasks):
            continue
        member.check(prepared)
        for task, predicted in member.predict(prepared.inputs, prepared.masks, batch_size).items():
            if task in predictions:
                targets.setdefault(task, member.target(task))
                predictions[task].append(predicted)
    return {task: Combined.of(targets[task], parts) for task, parts in predictions.items()}


def rows_of(raw: Any) -> int | None:
    """Return the number of raw rows; None where it is known only when all are read."""
    if isinstance(raw, str | Path):
        return None
    try:
        return row_count(raw)
    except DataError:
        return None


def _transform(preparation: Preparation, batch: Any, first: int) -> Prepared:
    """Prepare a batch.

    Args:
        preparation: What turns raw rows into inputs.
        batch: The rows.
        first: The number of its first row, for messages.
    """
    try:
        prepared = preparation.transform(batch)
    except RowError as error:
        raise error.at(first) from error.__cause__
    except MtlSearchError:
        raise
    except Exception as error:
        if preparation.stored_name:
            raise  # what else one of ours raises is a bug
        name = type(preparation).__qualname__
        raise DataError(
            f"the preparation {name} failed with {type(error).__name__}: {error}"
        ) from error
    if not isinstance(prepared, Prepared):
        raise DataError(
            f"the preparation {type(preparation).__qualname__} returned a "
            f"{type(prepared).__name__}; a mtl_search.data.Prepared is needed"
        )
    return prepared
