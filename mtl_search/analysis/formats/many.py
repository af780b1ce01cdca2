"""Summaries in place of a row or a column for each of very many tasks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

# With more tasks, tables on a terminal summarise; CSV, JSON and HTML have a row for each.
MANY_TASKS = 12
# Best and worst tasks that a summary names.
EXTREMES = 5


def is_many(tasks: Collection[object]) -> bool:
    """Return whether there are too many tasks for a row each."""
    return len(tasks) > MANY_TASKS


def quartiles(values: Iterable[float | None]) -> dict[str, float]:
    """Return the mean and the quartiles of the numbers that are known; empty for none.

    Examples:
        >>> quartiles([1.0, 2.0, None, 4.0, 5.0])
        {'mean': 3.0, 'lower quartile': 1.75, 'median': 3.0, 'upper quartile': 4.25}
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return {}
    low, middle, high = [known[0]] * 3 if len(known) == 1 else _cuts(known)
    return {
        "mean": statistics.fmean(known),
        "lower quartile": low,
        "median": middle,
        "upper quartile": high,
    }


def extremes(rows: Sequence[T], value: Callable[[T], float | None]) -> tuple[list[T], list[T]]:
    """Return the few rows with the highest and those with the lowest value, highest first.

    No row is in both; rows without a value are in neither.
    """
    known = [(number, row) for row in rows if (number := value(row)) is not None]
    ordered = [row for _, row in sorted(known, key=lambda pair: -pair[0])]
    best = ordered[:EXTREMES]
    return best, ordered[max(len(best), len(ordered) - EXTREMES) :]


def few(names: Sequence[str], most: int = 4) -> str:
    """Return names as a list, of many the first ones and how many more there are.

    Examples:
        >>> few(["a", "b"]), few(["a", "b", "c", "d", "e", "f"])
        ('a, b', 'a, b, c, d and 2 more')
    """
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _cuts(values: Sequence[float]) -> list[float]:
    """Return the quartiles, by the usual definition of Excel's and NumPy's."""
    return statistics.quantiles(values, n=4, method="inclusive")
