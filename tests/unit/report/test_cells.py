from __future__ import annotations

import pytest

from mtl_search.analysis.views import Column
from mtl_search.report.cells import cell, is_numeric


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("number", 0.97314, "0.9731"),
        ("points", 0.018, "+1.80"),
        ("count", 31415, "31,415"),
        ("seconds", 3720.0, "1h 02m"),
        ("text", ["left", "right"], "left, right"),
        ("text", {"left": 2}, "left 2"),
        ("text", True, "yes"),
        ("number", "undefined", "undefined"),
        ("number", float("nan"), ""),
        ("text", None, ""),
    ],
)
def test_a_value_is_written_as_its_column_says(kind: str, value: object, text: str) -> None:
    assert cell(Column("x", "x", kind), value) == text  # type: ignore[arg-type]


def test_numbers_stand_at_the_right() -> None:
    assert [is_numeric(Column("x", "x", kind)) for kind in ("text", "flag", "rate")] == [
        False,
        False,
        True,
    ]
