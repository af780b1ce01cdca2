"""Parts of figures: texts under the pointer, axes of a column, intervals, menus."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from mtl_search.analysis import formats
from mtl_search.analysis.views.view import Column, View
from mtl_search.report.plots import theme

Row = Mapping[str, Any]

HOVER = "%{customdata}<extra></extra>"


def column_of(view: View, name: str) -> Column:
    """Return a column of a view; one of plain text where it has none of this name.

    Args:
        view: The view.
        name: Name of the column.
    """
    return next((column for column in view.columns if column.name == name), Column(name, name))


def shown(kind: formats.Kind, value: float | None) -> float | None:
    """Return a value as it stands on an axis: percent and points times 100.

    Args:
        kind: Kind of its column.
        value: The value.
    """
    if value is None:
        return None
    return 100 * value if kind in ("percent", "points") else value


def values(view: View, name: str, rows: Iterable[Row]) -> list[float | None]:
    """Return the values of a column as they stand on an axis.

    Args:
        view: The view.
        name: Name of the column.
        rows: Rows of the view.
    """
    kind = column_of(view, name).kind
    return [shown(kind, row.get(name)) for row in rows]


def hover_texts(view: View, names: Sequence[str], rows: Iterable[Row]) -> list[str]:
    """Return what is shown under the pointer: the first column as headline, then one line each.

    Args:
        view: The view.
        names: Names of its columns.
        rows: Rows of the view.
    """
    columns = [column_of(view, name) for name in names]
    return [_hover(columns, row) for row in rows]


def _hover(columns: Sequence[Column], row: Row) -> str:
    texts = [(c, escape(formats.of_kind(c.kind, row.get(c.name)))) for c in columns]
    head, *lines = texts
    told = [f"{escape(column.title)}: {text}" for column, text in lines if text]
    return "<br>".join([f"<b>{head[1]}</b>", *told])


def escape(text: str) -> str:
    """Return a text as plotly shows it literally.

    Args:
        text: A name, which may have signs of HTML in it.
    """
    return html.escape(text, quote=False)


def shortened(text: str, most: int = 18) -> str:
    """Return a name that leaves room for the plot.

    Args:
        text: The name.
        most: Number of characters.

    Examples:
        >>> shortened("a_very_long_name_of_a_task", 12)
        'a_very_long…'
    """
    return escape(_end_cut(text, most))


def labels(names: Iterable[str], most: int = 18) -> dict[str, str]:
    """Return a short label for each name, no two alike: one category of an axis is one name.

    Names that would be cut alike lose their middle instead, and where that leaves them alike,
    too, they are numbered.

    Args:
        names: The names.
        most: Number of characters of a label.

    Examples:
        >>> list(labels(["toxicity_of_a", "toxicity_of_b", "species"], 9).values())
        ['toxi…of_a', 'toxi…of_b', 'species']
    """
    every = list(dict.fromkeys(names))
    made: dict[str, str] = {}
    for cut in (_end_cut, _middle_cut):
        cuts = {name: cut(name, most) for name in every if name not in made}
        times = Counter([*cuts.values(), *made.values()])
        made |= {name: text for name, text in cuts.items() if times[text] == 1}
    alike = (name for name in every if name not in made)
    made |= {name: f"{_end_cut(name, most - 3)} {n}" for n, name in enumerate(alike, start=1)}
    return {name: escape(made[name]) for name in every}


def _end_cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _middle_cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[: most - 1 - half]}…{text[-half:]}"


def measure_axis(view: View, name: str) -> str:
    """Return the title of an axis that shows a column.

    Args:
        view: The view.
        name: Name of the column.
    """
    return escape(column_of(view, name).title)


def error_bars(middle: Sequence[Any], low: Sequence[Any], high: Sequence[Any]) -> dict[str, Any]:
    """Return bars from `low` to `high`, for `error_x` or `error_y`; none where one is missing.

    Args:
        middle: Where the marks are.
        low: Lower ends.
        high: Upper ends.
    """
    up = [h - m if None not in (m, h) else 0.0 for m, h in zip(middle, high, strict=True)]
    down = [m - lo if None not in (m, lo) else 0.0 for m, lo in zip(middle, low, strict=True)]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1.5}


def menu(labels: Sequence[str], visible: Sequence[Sequence[bool]]) -> list[dict[str, Any]]:
    """Return a menu that chooses between groups of traces; none for a single group.

    Args:
        labels: Name of each group.
        visible: One flag a trace for each group: whether it is shown.
    """
    if len(labels) < 2:
        return []
    buttons = [
        {"label": label, "method": "update", "args": [{"visible": list(traces)}]}
        for label, traces in zip(labels, visible, strict=True)
    ]
    return [{"buttons": buttons, "direction": "down", "showactive": True}]


def zero_line(figure: go.Figure, axis: str = "x") -> None:
    """Draw a line at 0, where nothing is gained.

    Args:
        figure: The figure.
        axis: `x` or `y`.
    """
    line = {"color": theme.LINE, "width": 1, "dash": "dot"}
    if axis == "x":
        figure.add_vline(x=0, line=line)
    else:
        figure.add_hline(y=0, line=line)
