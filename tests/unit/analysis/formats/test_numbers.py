"""Numbers as text for cells."""

from __future__ import annotations

import math

import pytest

from mtl_search.analysis import formats
from mtl_search.analysis.estimate import Estimate


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
