"""The value of a cell as text, by the kind of its column."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

from mtl_search.analysis.formats import numbers

# How a column's values are written: `text` as they are; `number` with four digits; `skill` from 0
# to 1; `percent` and `points` as fractions that are shown times 100 with a sign; `count` as a whole
# number; `rate` as a learning rate; `seconds` as a duration; `flag` as yes or no.
Kind = Literal["text", "number", "skill", "percent", "points", "count", "rate", "seconds", "flag"]

_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "number": numbers.number,
    "skill": numbers.skill,
    "percent": numbers.percent,
    "points": numbers.percent,
    "count": numbers.count,
    "rate": numbers.rate,
    "seconds": numbers.seconds,
}


def of_kind(kind: Kind, value: Any) -> str:
    """Write a value as its column asks; nothing for one that is missing.

    Args:
        kind: How the column's values are written.
        value: The value; None or NaN: there is none.

    Examples:
        >>> of_kind("points", 0.018), of_kind("flag", True), of_kind("count", None)
        ('+1.80', 'yes', '')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if kind == "flag":
        return "yes" if value else "no"
    writer = _WRITERS.get(kind)
    return str(value) if writer is None else writer(value)
