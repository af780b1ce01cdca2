"""Columns of a view that have something in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis.views.view import Column


def filled(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Return the columns in which at least one row has a value.

    Args:
        columns: The columns.
        rows: The rows.

    Examples:
        >>> columns = [Column("task", "task"), Column("only", "where")]
        >>> [column.name for column in filled(columns, [{"task": "left", "only": None}])]
        ['task']
    """
    return [c for c in columns if any(row.get(c.name) is not None for row in rows)]
