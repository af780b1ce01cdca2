"""Tables of the page: the first rows as HTML, the rest as data that scripts show when asked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mtl_search.analysis.views.view import Column, View
from mtl_search.report.cells import cell, is_numeric

SHOWN_ROWS = 50
# Characters of data a page, so that it stays below its 6 MB beside plotly.js, which takes 4.8.
MOST_CHARACTERS = 120_000


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


def make_table(view: View, most_characters: int = MOST_CHARACTERS) -> Table:
    """Return the table of a view, with as many of its rows as find room.

    Args:
        view: The view.
        most_characters: Room for the rows.
    """
    columns = [(column, is_numeric(column)) for column in view.columns]
    rows: list[list[Any]] = []
    used = 0
    for row in view.rows:
        entries = [_entry(column, row) for column in view.columns]
        used += len(json.dumps(entries, ensure_ascii=False, separators=(",", ":")))
        if used > most_characters and len(rows) >= SHOWN_ROWS:
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


def _entry(column: Column, row: Mapping[str, Any]) -> Any:
    """Return a cell: its text, or its value with its text where that has fewer digits."""
    value = row.get(column.name)
    if hasattr(value, "item"):
        value = value.item()  # of numpy
    text = cell(column, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text
    if isinstance(value, float) and not math.isfinite(value):
        return text
    return [float(f"{value:.8g}") if isinstance(value, float) else value, text]


def _text(entry: Any) -> str:
    return str(entry[1] if isinstance(entry, list) else entry)
