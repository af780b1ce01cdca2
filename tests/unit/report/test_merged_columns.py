"""Intervals beside their means, in one cell."""

from __future__ import annotations

from typing import Any

from mtl_search.analysis.views.view import Column, View
from mtl_search.report.merged_columns import merged_columns


def texts(columns: list[Column], *rows: dict[str, Any]) -> dict[str, list[str]]:
    view = View("a", "A", "", columns, rows)
    return {column.title: list(column.cells) for column in merged_columns(view)}


def test_an_interval_stands_beside_its_mean() -> None:
    names = ["arm", "skill", "skill_low", "skill_high", "seeds"]
    kinds = ("text", "skill", "skill", "skill", "count")
    columns = [Column(n, n, k) for n, k in zip(names, kinds, strict=True)]  # type: ignore[arg-type]
    whole = {"arm": "equal", "skill": 0.5, "skill_low": 0.4, "skill_high": 0.6, "seeds": 3}
    alone = {"arm": "search", "skill": 0.5, "skill_low": None, "skill_high": None, "seeds": 1}
    assert texts(columns, whole, alone, {"arm": "none"}) == {
        "arm": ["equal", "search", "none"],
        "skill": ["0.5000 [0.4000, 0.6000]", "0.5000", ""],
        "seeds": ["3", "1", ""],
    }


def test_columns_of_another_kind_or_name_stay_apart() -> None:
    of_text = [
        Column("depth", "depth"),
        Column("low", "low", "number"),
        Column("high", "h", "number"),
    ]
    assert list(texts(of_text)) == ["depth", "low", "h"]
    other = [
        Column("gain", "gain", "points"),
        Column("x_low", "l", "points"),
        Column("x_high", "h"),
    ]
    assert list(texts(other)) == ["gain", "l", "h"]
    assert list(texts([Column("gain", "gain", "points"), Column("low", "low", "points")])) == [
        "gain",
        "low",
    ]
