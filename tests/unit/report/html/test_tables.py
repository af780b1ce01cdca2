from __future__ import annotations

import json
from typing import Any

import numpy as np

from mtl_search.analysis.views import Column, View
from mtl_search.report.cells import MOST_IN_CELL
from mtl_search.report.html.tables import (
    SHOWN_ROWS,
    embedded,
    make_table,
    make_tables,
)
from tests.support.documents import HOSTILE, long_view


def test_the_first_rows_are_texts_and_all_are_data() -> None:
    table = make_table(long_view(80), 100_000)
    assert (table.rows, table.total, len(table.shown)) == (80, 80, SHOWN_ROWS)
    assert list(table.shown[1]) == ["trial 1", "0.2500", "+0.01"]
    data = json.loads(table.data)
    assert data["names"] == ["trial", "loss", "gain"]
    assert data["rows"][1] == ["trial 1", [0.25, "0.2500"], [0.0001, "+0.01"]]
    assert data["rows"][0][2] == ""  # what is missing is no number


def test_a_long_text_is_cut_where_it_is_shown() -> None:
    weights = ", ".join(f"task{number} 1.0" for number in range(120))
    table = make_table(View("v", "v", "", [Column("x", "x")], [{"x": weights}]), 10_000)
    ((text,),) = table.shown
    assert len(text) == MOST_IN_CELL
    assert text.endswith("…")
    assert json.loads(table.data)["rows"] == [[[weights, text]]]


def test_rows_that_find_no_room_are_left_out() -> None:
    table = make_table(long_view(2000), 10_000)
    assert SHOWN_ROWS < table.rows < 400
    assert table.total == 2000
    assert len(table.data) < 10_050
    assert make_table(long_view(2000), 1).rows == SHOWN_ROWS


def test_short_tables_leave_their_room_to_long_ones() -> None:
    long, short = make_tables([long_view(2000), long_view(60)], 30_000)
    assert short.rows == 60
    assert long.rows > 400
    assert len(long.data) + len(short.data) < 30_100


def test_data_neither_ends_its_element_nor_loses_a_character() -> None:
    data = embedded({"name": HOSTILE + "\u2028"})
    assert not any(character in data for character in "<>&\u2028")
    assert json.loads(data) == {"name": HOSTILE + "\u2028"}


def test_numbers_that_json_does_not_have_are_texts() -> None:
    columns = [Column("x", "x", "number")]
    rows: list[dict[str, Any]] = [
        {"x": float("inf")},
        {"x": float("nan")},
        {"x": np.float32(0.5)},
        {},
    ]
    table = make_table(View("v", "v", "", columns, rows), 1000)
    assert json.loads(table.data)["rows"] == [[""], [""], [[0.5, "0.5000"]], [""]]
