"""Tables that fit the terminal: columns come in by importance, as long as there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mtl_search.analysis.formats.many import is_many
from mtl_search.analysis.references import Tasks

Cell = str | Text

# A sweep over very many tasks would otherwise fill screens; the JSON report has every number.
_MOST_TABLES = 3


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        header: The column's title, which may have two lines.
        cells: The cells, one a row.
        importance: The columns with the highest come in first while there is room; a column with 0
            is always shown.
        right: Whether it is aligned to the right, as numbers are.
    """

    header: str
    cells: Sequence[Cell]
    importance: int = 0
    right: bool = True


def task_columns(tasks: Tasks, cells: Callable[[str, str], Sequence[Cell]]) -> list[Column]:
    """Make a column for the first metric of each task that has one.

    Args:
        tasks: The tasks, with their metrics; the first task is the most important.
        cells: Gives the cells of the column of a task and a metric.

    Returns:
        The columns; none for very many tasks, of which other tables have summaries.
    """
    if is_many(tasks):
        return []
    first = [(task, metrics[0]) for task, metrics in tasks.items() if metrics]
    return [
        Column(f"{task}\n{metric}", cells(task, metric), 80 - number)
        for number, (task, metric) in enumerate(first)
    ]


def fitted(
    title: str, columns: Sequence[Column], console: Console, sections: Sequence[int] = ()
) -> RenderableType:
    """Lay out a table, split into several below each other where the width needs it.

    Each of them begins with the first column.

    Args:
        title: The title, printed above.
        columns: All columns, in order; those without any text are left out.
        console: The console, which has the width.
        sections: Numbers of the rows after which a gap is left.
    """
    filled = [column for column in columns if any(str(cell) for cell in column.cells)]
    shown = _most_that_fit(
        filled, [column for column in filled if not column.importance], sections, console
    )
    # Above the table and not its title, which rich cuts at the width of a narrow table.
    heading = Text(title, style="bold", overflow="ellipsis", no_wrap=True)
    parts: list[RenderableType] = [heading, _table(shown, sections)]
    tables = 1
    rest = [column for column in filled if column not in shown]
    while rest and tables < _MOST_TABLES:
        shown = _most_that_fit([filled[0], *rest], filled[:1], sections, console)
        if len(shown) == 1:
            break
        parts.append(_table(shown, sections))
        tables += 1
        rest = [column for column in rest if column not in shown]
    if rest:
        names = ", ".join(column.header.replace("\n", " ") for column in rest)
        note = f"hidden, the whole table has it (--html, --csv or --json): {names}"
        parts.append(Text(note, style="dim", overflow="ellipsis", no_wrap=True))
    return Group(*parts)


def _most_that_fit(
    columns: Sequence[Column], shown: list[Column], sections: Sequence[int], console: Console
) -> list[Column]:
    """Add to `shown` as many other columns as there is room for, the most important first."""
    for column in sorted(columns, key=lambda c: -c.importance):
        more = [c for c in columns if c in shown or c is column]  # in their own order
        if column not in shown and _fits(_table(more, sections), console):
            shown = more
    return shown


def _fits(table: Table, console: Console) -> bool:
    # Without a limit on the width, or the measure would already be cut to it.
    wide = console.options.update(width=10_000, max_width=10_000)
    return Measurement.get(console, wide, table).maximum <= console.width


def _table(columns: Sequence[Column], sections: Sequence[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(
            Text(column.header),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    for number, row in enumerate(zip(*(column.cells for column in columns), strict=True)):
        cells = [cell if isinstance(cell, Text) else Text(cell) for cell in row]
        table.add_row(*cells, end_section=number in sections)
    return table
