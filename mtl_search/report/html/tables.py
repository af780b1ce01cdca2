"""Tables of the page: the first rows as HTML, the rest as data that scripts show when asked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mtl_search.analysis.views.view import Column, View
from mtl_search.report.cells import cell, is_numeric, shortened

SHOWN_ROWS = 50


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        columns: Name, title, help and whether its values are numbers, of each column.
        shown: The first rows as texts.
        data: All rows that the page has, as JSON for its script; empty where `shown` is all.
        rows: Number of rows that the page has.
        total: Number of rows of the view.
    """

    columns: Sequence[tuple[Column, bool]]
    shown: Sequence[Sequence[str]]
    data: Markup
    rows: int
    total: int


def make_tables(views: Sequence[View], room: int) -> list[Table]:
    """Return the tables of views, which share the room that a page has for them.

    Args:
        views: The views.
        room: Characters for the rows of all of them. Short tables leave theirs to long ones.
    """
    sizes = [len(embedded([_entries(view, row) for row in view.rows])) for view in views]
    return [make_table(view, share) for view, share in zip(views, shares(sizes, room), strict=True)]


def shares(sizes: Sequence[int], room: int) -> list[int]:
    """Divide room evenly among those that need it, and give nobody more than it needs.

    Args:
        sizes: What each needs.
        room: What there is.

    Examples:
        >>> shares([10, 100, 60], 100)
        [10, 45, 45]
    """
    given = [0] * len(sizes)
    order = sorted(range(len(sizes)), key=lambda index: sizes[index])
    for place, index in enumerate(order):
        given[index] = min(sizes[index], room // (len(order) - place))
        room -= given[index]
    return given


def make_table(view: View, room: int) -> Table:
    """Return the table of a view, with the rows that it shows and as many more as find room.

    Args:
        view: The view.
        room: Characters for the rows.
    """
    columns = [(column, is_numeric(column)) for column in view.columns]
    rows: list[list[Any]] = []
    used = 0
    for row in view.rows:
        entries = _entries(view, row)
        used += len(embedded(entries)) + 1
        if used > room and len(rows) >= SHOWN_ROWS:
            break
        rows.append(entries)
    shown = [[_text(entry) for entry in row] for row in rows[:SHOWN_ROWS]]
    names = [column.name for column in view.columns]
    data = embedded({"names": names, "rows": rows})
    return Table(columns, shown, data, len(rows), len(view.rows))


def embedded(tree: Any) -> Markup:
    r"""Return JSON that stands inside a `script` element and cannot end it.

    Args:
        tree: Plain JSON types.

    Examples:
        >>> print(embedded({"name": "</script>"}))
        {"name":"\u003c/script\u003e"}
    """
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # nothing is left that HTML would read


def _entries(view: View, row: Mapping[str, Any]) -> list[Any]:
    return [_entry(column, row) for column in view.columns]


def _entry(column: Column, row: Mapping[str, Any]) -> Any:
    """Return a cell: its text, or its value with its text where that has fewer digits."""
    value: Any = row.get(column.name)
    if hasattr(value, "item"):
        value = value.item()  # of numpy
    text = cell(column, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        short = shortened(text)
        return text if short == text else [text, short]
    if isinstance(value, float) and not math.isfinite(value):
        return text
    return [float(f"{value:.8g}") if isinstance(value, float) else value, text]


def _text(entry: Any) -> str:
    return str(entry[1] if isinstance(entry, list) else entry)
