"""The comparison of several sweeps on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from mtl_search.analysis.views.view import View
from mtl_search.report.merged_columns import merged_columns
from mtl_search.report.sweeps.document import SweepsDocument
from mtl_search.report.tables import Column, fitted

_MOST_ROWS = 40
_TWO_KEYS = ("by_task", "leaderboards")  # a row is named by its first two cells
_WITHOUT_TABLE = ("curves",)  # too long to read; HTML draws them


def render_sweeps(document: SweepsDocument, console: Console) -> None:
    """Print the comparison.

    Args:
        document: The comparison.
        console: The console to print to; tables look well in 60 columns and more.
    """
    networks = document.view("networks")
    assert networks is not None
    answer = Text(networks.summary)
    console.print(Panel(answer, title=document.title, title_align="left"))
    for caution in document.cautions:
        console.print(Text.assemble((f"{caution.name}: ", "bold yellow"), f"{caution.seen}."))
        console.print(Padding(Text(f"So {caution.so}."), (0, 0, 0, 2)))
    if not document.cautions:
        console.print(Text("Nothing stands against comparing them.", style="green"))
    for view in document.views:
        if view.name != "networks":
            _print_view(view, console)


def _print_view(view: View, console: Console) -> None:
    console.print()
    if view.name in _WITHOUT_TABLE or not view.rows:
        console.print(Text(view.title, style="bold"))
        console.print(Text(view.summary))
        return
    rows = view.rows[:_MOST_ROWS]
    cut = View(view.name, view.title, view.summary, view.columns, rows)
    columns = table_columns(cut)
    columns[0] = replace(columns[0], importance=0)  # which is always shown
    if view.name in _TWO_KEYS:
        columns = [_joined(columns[0], columns[1]), *columns[2:]]
    if view.name == "settings":
        columns = _shortened(columns, console.width)
    console.print(fitted(view.title, columns, console))
    hidden = len(view.rows) - len(rows)
    if hidden > 0:
        note = f"{hidden:,} more rows: --format json, or --html FILE"
        console.print(Text(note, style="dim"))
    if view.name == "settings":
        console.print(Text(view.summary))


def table_columns(view: View) -> list[Column]:
    """Return the columns of a view for a terminal, each interval beside its mean.

    Args:
        view: The view.
    """
    return [
        Column(_header(column.title), column.cells, 99 - number, right=column.is_numeric)
        for number, column in enumerate(merged_columns(view))
    ]


def _header(title: str) -> str:
    """Return the title in at most two lines of about equal length."""
    words = title.split()
    if len(title) < 10 or len(words) < 2:
        return title
    return min(_halves(words), key=lambda text: max(map(len, text.splitlines())))


def _halves(words: Sequence[str]) -> list[str]:
    return [
        f"{' '.join(words[:number])}\n{' '.join(words[number:])}" for number in range(1, len(words))
    ]


def _joined(first: Column, second: Column) -> Column:
    """Return one column for two, so that a table in parts still names its rows."""
    pairs = zip(first.cells, second.cells, strict=True)
    header = f"{first.header}, {second.header}"
    return Column(header, [f"{one}, {other}" for one, other in pairs], right=False)


def _shortened(columns: Sequence[Column], width: int) -> list[Column]:
    """Return columns whose cells leave room for all sweeps beside the names."""
    name, *values, _ = columns  # the kind goes without saying
    # A column takes two blanks beside its cells, and the table begins with one.
    used = max(len(str(cell)) for cell in name.cells) + 3
    most = max((width - used) // max(len(values), 1) - 2, 8)
    short = [
        Column(
            column.header,
            [
                text if len(text) <= most else f"{text[: most - 1]}…"
                for text in map(str, column.cells)
            ],
            column.importance,
            right=False,
        )
        for column in values
    ]
    return [name, *short]
