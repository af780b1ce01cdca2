"""Columns that have something in them."""

from __future__ import annotations

from typing import Any

from mtl_search.analysis.views.parts.columns import filled
from mtl_search.analysis.views.view import Column


def test_a_column_stays_where_one_row_has_a_value() -> None:
    columns = [Column("a", "a"), Column("b", "b"), Column("c", "c")]
    rows: list[dict[str, Any]] = [{"a": None, "b": 0}, {"a": "", "c": None}]
    assert [column.name for column in filled(columns, rows)] == ["a", "b"]
