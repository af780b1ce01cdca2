"""Columns of a view for tables that are read and not sorted: each interval beside its mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.analysis.views.view import Column, View
from mtl_search.report.cells import cell, is_numeric


@dataclass(frozen=True)
class MergedColumn:
    """One column.

    Attributes:
        title: What stands above it.
        cells: Its cells, one a row.
        is_numeric: Whether it is aligned to the right.
    """

    title: str
    cells: Sequence[str]
    is_numeric: bool


def merged_columns(view: View) -> list[MergedColumn]:
    """Return the columns of a view, each with its interval in one cell.

    A numeric column is followed by its interval where the next two are of its kind, and are called
    `low` and `high`, or end in `_low` and `_high`.

    Args:
        view: The view.

    Examples:
        >>> names = ["gain", "low", "high"]
        >>> columns = [Column(name, name, "points") for name in names]
        >>> view = View("a", "A", "", columns, [{"gain": 0.012, "low": -0.01, "high": 0.034}])
        >>> [(column.title, list(column.cells)) for column in merged_columns(view)]
        [('gain', ['+1.20 [-1.00, +3.40]'])]
    """
    merged: list[MergedColumn] = []
    columns = list(view.columns)
    while columns:
        column, *rest = columns
        ends = rest[:2] if _are_ends(column, rest[:2]) else []
        cells = [_text([column, *ends], row) for row in view.rows]
        merged.append(MergedColumn(column.title, cells, is_numeric(column)))
        columns = rest[len(ends) :]
    return merged


def _are_ends(column: Column, following: Sequence[Column]) -> bool:
    names = [other.name for other in following]
    if names not in (["low", "high"], [f"{column.name}_low", f"{column.name}_high"]):
        return False
    return is_numeric(column) and all(other.kind == column.kind for other in following)


def _text(columns: Sequence[Column], row: Mapping[str, Any]) -> str:
    mean, *ends = (cell(column, row.get(column.name)) for column in columns)
    if not mean or not all(ends) or not ends:
        return mean
    return f"{mean} [{', '.join(ends)}]"
