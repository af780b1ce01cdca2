"""The cells of a view's table as text, in the same digits wherever they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.analysis.formats import of_kind
from mtl_search.analysis.views.view import Column

# A cell that holds more, such as the weights of a hundred tasks, is cut on pages; CSV has all of
# it.
MOST_IN_CELL = 100


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
        >>> cell(Column("weights", "weights"), {"left": 1, "right": 2})
        'left 1, right 2'
    """
    if isinstance(value, bool):
        return of_kind("flag", value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, str):
        return value
    return of_kind(column.kind, value)


def shortened(text: str) -> str:
    """Return the text of a cell, cut where a page has no room for it.

    Args:
        text: The text.

    Examples:
        >>> shortened("1.00"), len(shortened("1.00:" * 600))
        ('1.00', 100)
    """
    return text if len(text) <= MOST_IN_CELL else f"{text[: MOST_IN_CELL - 1]}…"


def is_numeric(column: Column) -> bool:
    """Return whether the values of a column are numbers, which stand at the right."""
    return column.kind not in ("text", "flag")
