"""Numbers as text for the cells of a table. What is missing is an empty cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from mtl_search.analysis.estimate import Estimate


def number(value: float | None, digits: int = 4) -> str:
    """Write `0.9731`; four significant digits where fixed ones would say too little or too much."""
    if value is None or not math.isfinite(value):
        return ""
    if value != 0 and not 0.01 <= abs(value) < 1000:
        return f"{value:.{digits}g}"
    return f"{value:.{digits}f}"


def skill(value: float) -> str:
    """Write `0.9731`, on the scale from 0, a constant prediction, to 1, a perfect one."""
    return f"{value:.4f}" if math.isfinite(value) else ""


def percent(value: float | None) -> str:
    """Write `+1.83`, for columns with % in their header."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{100 * value:+.2f}"


def points(mean: float, interval: tuple[float, float] | None, digits: int = 2) -> str:
    """Write a gain of 0.018 as `+1.80 [+0.40, +3.20]`, without the interval where there is none."""
    text = f"{100 * mean:+.{digits}f}"
    if interval is None:
        return text
    low, high = interval
    return f"{text} [{100 * low:+.{digits}f}, {100 * high:+.{digits}f}]"


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
    sign = "+" if scale != 1.0 else ""
    mean = f"{scale * estimate.mean:{sign}.{digits}f}"
    half = estimate.half_width
    if half is None:
        return mean
    return f"{mean} ± {scale * half:.{digits}f}"
