"""Tables that fit the terminal."""

from __future__ import annotations

import io

from rich.console import Console

from mtl_search.report.tables import Column, fitted, task_columns

COLUMNS = [
    Column("name", ["alpha", "beta"], right=False),
    Column("rare", ["1111111111", "2222222222"], 1),
    Column("usual", ["3333333333", "4444444444"], 9),
    Column("empty", ["", ""], 99),
]


def shown(width: int) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=False)
    console.print(fitted("title", COLUMNS, console))
    return stream.getvalue()


def test_all_columns_with_text_stand_side_by_side_where_there_is_room() -> None:
    text = shown(60)
    header = next(line for line in text.splitlines() if "name" in line)
    assert header.split() == ["name", "rare", "usual"]
    assert "empty" not in text


def test_the_least_important_column_goes_below() -> None:
    headers = [line.split() for line in shown(24).splitlines() if "name" in line]
    assert headers == [["name", "usual"], ["name", "rare"]]


def test_what_has_no_room_at_all_is_said_to_be_hidden() -> None:
    text = shown(10)
    assert "hidden" in text
    assert "333" not in text


def test_the_first_metric_of_each_task_has_a_column() -> None:
    tasks = {"left": ("accuracy", "f1"), "bare": (), "right": ("mae",)}
    columns = task_columns(tasks, lambda task, metric: [f"{task} {metric}"])
    assert [column.header for column in columns] == ["left\naccuracy", "right\nmae"]
    assert [column.cells for column in columns] == [["left accuracy"], ["right mae"]]
    assert columns[0].importance > columns[1].importance
