from __future__ import annotations

import math
from typing import Any, get_args

import pytest

from mtl_search.analysis import formats
from mtl_search.analysis.formats import Kind, of_kind

CASES: list[tuple[Kind, Any, str]] = [
    ("text", "equal", "equal"),
    ("number", 0.97314, formats.number(0.97314)),
    ("skill", 0.97314, "0.9731"),
    ("percent", 0.0183, "+1.83"),
    ("points", -0.0183, "-1.83"),
    ("count", 31415, "31,415"),
    ("rate", 0.0021, "2.1e-03"),
    ("seconds", 3720.0, "1h 02m"),
    ("flag", False, "no"),
]


@pytest.mark.parametrize(("kind", "value", "text"), CASES)
def test_each_kind_is_written_by_its_format(kind: Kind, value: Any, text: str) -> None:
    assert of_kind(kind, value) == text


def test_every_kind_is_tried() -> None:
    assert {kind for kind, _, _ in CASES} == set(get_args(Kind))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_what_is_missing_is_empty(kind: Kind) -> None:
    assert of_kind(kind, None) == of_kind(kind, math.nan) == ""
