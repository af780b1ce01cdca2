"""The cells of a view's table as text, in the same digits wherever they are shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from mtl_search.analysis.views.view import Column
from mtl_search.report import formats

_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "number": formats.number,
    "skill": formats.skill,
    "percent": formats.percent,
    "points": formats.percent,
    "count": formats.count,
    "rate": formats.rate,
    "seconds": formats.seconds,
}


def cell(column: Column, value: Any) -> str:
    """Write a value of a view's table; empty where it is missing.

    Args:
        column: The column, whose kind says how its values are written.
        value: The value.

    Examples:
        >>> cell(Column("gain", "gain", "points"), 0.0123)
        '+1.23'
        >>> cell(Column("gain", "gain", "points"), None)
        ''
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and column.kind in _WRITERS:
        return _WRITERS[column.kind](value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def is_numeric(column: Column) -> bool:
    """Return whether the values of a column are numbers, which stand at the right."""
    return column.kind not in ("text", "flag")
