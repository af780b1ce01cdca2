"""Numbers as text for the cells of a table. What is missing is an empty cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from mtl_search.analysis.estimate import Estimate


def fixed(value: float, digits: int) -> str:
    """Write a number with fixed digits, and no sign before zeros.

    Examples:
        >>> fixed(0.25, 2), fixed(-0.0004, 2)
        ('0.25', '0.00')
    """
    # Rounded to -0.0 it would keep its sign; the sum of both zeros has none.
    return f"{round(value, digits) + 0.0:.{digits}f}"


def signed(value: float, digits: int) -> str:
    """Write a number with its sign, which is + where all that is shown are zeros.

    Examples:
        >>> signed(-0.25, 1), signed(-0.0004, 1)
        ('-0.2', '+0.0')
    """
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def number(value: float | None, digits: int = 4) -> str:
    """Write `0.9731`; four significant digits where fixed ones would say too little or too much."""
    if value is None or not math.isfinite(value):
        return ""
    if value != 0 and not 0.01 <= abs(value) < 1000:
        return f"{value:.{digits}g}"
    return fixed(value, digits)


def skill(value: float) -> str:
    """Write `0.9731`, on the scale from 0, a constant prediction, to 1, a perfect one."""
    return fixed(value, 4) if math.isfinite(value) else ""


def percent(value: float | None) -> str:
    """Write `+1.83`, for columns with % in their header."""
    if value is None or not math.isfinite(value):
        return ""
    return signed(100 * value, 2)


def points(mean: float, interval: tuple[float, float] | None, digits: int = 2) -> str:
    """Write a gain of 0.018 as `+1.80 [+0.40, +3.20]`, without the interval where there is none."""
    text = signed(100 * mean, digits)
    if interval is None:
        return text
    low, high = interval
    return f"{text} [{signed(100 * low, digits)}, {signed(100 * high, digits)}]"


def rate(value: float | None) -> str:
    """Write `2.1e-03`."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.1e}"


def count(value: float | None) -> str:
    """Write `31,415`."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{int(value):,}"


def counted(number: int, noun: str) -> str:
    """Write `1 trial` or `31,415 trials`.

    Args:
        number: How many there are.
        noun: What is counted, for one.

    Examples:
        >>> counted(1, "trial"), counted(2000, "arm")
        ('1 trial', '2,000 arms')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def seconds(value: float) -> str:
    """Write `3.2`, `412` or `1h 02m`."""
    if value < 100:
        return f"{value:.1f}"
    if value < 3600:
        return f"{value:.0f}"
    return f"{int(value // 3600)}h {int(value % 3600 // 60):02d}m"


def depth(value: Any) -> str:
    """Write `2`, or `2:2:3` for a depth a task."""
    if isinstance(value, Mapping):
        return ":".join(str(item) for item in value.values())
    if value is None:
        return ""
    return str(value)


def weights(values: Iterable[float]) -> str:
    """Write `1.20:0.85:0.95`; nothing for a single weight."""
    known = [f"{value:.2f}" for value in values if math.isfinite(value)]
    if len(known) < 2:
        return ""
    return ":".join(known)


def with_interval(estimate: Estimate | None, scale: float = 1.0, digits: int = 4) -> str:
    """Write `0.9731 ± 0.0040`; without the second part for one seed."""
    if estimate is None:
        return ""
    mean = (signed if scale != 1.0 else fixed)(scale * estimate.mean, digits)
    half = estimate.half_width
    if half is None:
        return mean
    return f"{mean} ± {scale * half:.{digits}f}"
