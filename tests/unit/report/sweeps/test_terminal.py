"""The comparison on a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from mtl_search.analysis.views.view import Column, View
from mtl_search.report.sweeps.document import SweepsDocument
from mtl_search.report.sweeps.terminal import render_sweeps, table_columns


def printed(document: SweepsDocument, width: int = 140) -> str:
    stream = io.StringIO()
    render_sweeps(document, Console(file=stream, width=width, force_terminal=False))
    return stream.getvalue()


def test_answer_and_cautions_stand_before_the_tables(document: SweepsDocument) -> None:
    text = printed(document)
    order = ["The network that two", "main tasks: ", "  So verdicts", "Verdicts side by side"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    for view in document.views:
        assert view.name == "networks" or view.title in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(document: SweepsDocument, width: int) -> None:
    assert max(map(len, printed(document, width).splitlines())) <= width


def test_without_cautions_it_says_so(document: SweepsDocument) -> None:
    alone = SweepsDocument(document.sweeps, [], document.views)
    assert "Nothing stands against comparing them." in printed(alone)


def test_an_interval_stands_beside_its_mean() -> None:
    columns = [
        Column("sweep", "sweep"),
        Column("gain", "gain", "points"),
        Column("low", "from", "points"),
        Column("high", "to", "points"),
        Column("seeds", "seeds", "count"),
    ]
    rows: list[dict[str, Any]] = [
        {"sweep": "one", "gain": 0.012, "low": -0.01, "high": 0.034, "seeds": 5},
        {"sweep": "two", "gain": 0.012, "low": None, "high": None, "seeds": 1},
        {"sweep": "three", "gain": None, "low": None, "high": None, "seeds": None},
    ]
    shown = table_columns(View("a", "a", "a", columns, rows))
    assert [column.header for column in shown] == ["sweep", "gain", "seeds"]
    assert list(shown[1].cells) == ["+1.20 [-1.00, +3.40]", "+1.20", ""]


def test_long_tables_are_cut_and_say_so(document: SweepsDocument) -> None:
    view = document.view("by_task")
    assert view is not None
    rows = [{**row, "task": f"t{n}"} for n in range(30) for row in view.rows[:2]]
    long = View(view.name, view.title, view.summary, view.columns, rows)
    networks = document.view("networks")
    assert networks is not None
    text = printed(SweepsDocument(document.sweeps, [], [networks, long]))
    assert "20 more rows: --format json, or --html FILE" in text
    assert "t19, two" in text
    assert "t20" not in text


@pytest.mark.parametrize("width", [60, 100, 140])
def test_settings_of_all_sweeps_stand_in_one_row_each(document: SweepsDocument, width: int) -> None:
    names = ("one", "two")
    columns = [Column("name", "name"), *(Column(name, name) for name in names)]
    row = {"name": "search.space.training.lr", **dict.fromkeys(names, "x" * 200), "kind": "config"}
    view = View("settings", "Settings that differ", ".", [*columns, Column("kind", "kind")], [row])
    lines = printed(SweepsDocument(document.sweeps, [], [document.views[0], view]), width)
    (told,) = [line for line in lines.splitlines() if line.strip().startswith(row["name"])]
    assert told.count("…") == len(names)
