"""Numbers as text for cells."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from mtl_search.analysis import formats
from mtl_search.analysis.estimate import Estimate
from mtl_search.analysis.formats import numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.number(0.97312), "0.9731"),
        (formats.number(0.0012345), "0.001234"),
        (formats.number(12345.6), "1.235e+04"),
        (formats.number(0.0), "0.0000"),
        (formats.number(None) + formats.number(math.nan), ""),
        (formats.percent(0.0183), "+1.83"),
        (formats.percent(math.nan), ""),
        (formats.points(0.018, (0.004, 0.032)), "+1.80 [+0.40, +3.20]"),
        (formats.points(-0.018, None), "-1.80"),
        (formats.skill(0.00123) + formats.skill(-0.5), "0.0012-0.5000"),
        (formats.skill(math.nan), ""),
        (formats.rate(0.0021), "2.1e-03"),
        (formats.count(31415), "31,415"),
        (formats.count(None), ""),
        (formats.seconds(3.21), "3.2"),
        (formats.seconds(412.4), "412"),
        (formats.seconds(3725), "1h 02m"),
        (formats.depth(2), "2"),
        (formats.depth({"a": 2, "b": 3}), "2:3"),
        (formats.depth(None), ""),
        (formats.weights([1.2, 0.8]), "1.20:0.80"),
        (formats.weights([1.0, math.nan]), ""),
        (formats.with_interval(None), ""),
        (formats.with_interval(Estimate((0.5,), 0.5, None, None)), "0.5000"),
        (formats.with_interval(Estimate((0.4, 0.6), 0.5, 0.3, 0.7), 100, 2), "+50.00 ± 20.00"),
    ],
)
def test_numbers_in_cells(text: str, expected: str) -> None:
    assert text == expected


NOTHING = re.compile(r"[-−]0(\.0*)?(?![.\d])")


@pytest.mark.parametrize("value", [-0.0, -1e-9, -4e-6])
def test_no_zero_has_a_minus_sign(value: float) -> None:
    texts = [
        numbers.fixed(value, 4),
        numbers.signed(value, 1),
        numbers.number(value, 2),
        numbers.skill(value),
        numbers.percent(value),
        numbers.points(value, (value, 0.0)),
        numbers.with_interval(Estimate((value,), value, None, None), 100.0, 2),
    ]
    assert not [text for text in texts if NOTHING.search(text.partition(" ±")[0])]
    assert numbers.signed(-0.06, 1) == "-0.1"


def test_numbers_with_a_sign_are_written_by_formats() -> None:
    """A format such as `:+.1f` would write `-0.0`."""
    package = Path(numbers.__file__).parents[2]
    written = [
        f"{file.relative_to(package)}: {line.strip()}"
        for file in package.rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r"\{[^{}]+:\+\.\d+f\}", line)
    ]
    assert written == []
