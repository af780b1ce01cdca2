"""Lengths of time as people write them: `90s`, `45m`, `2h`, `1d`, `1h30m`, or plain seconds."""

from __future__ import annotations

import math
import re

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([smhd])\s*", re.IGNORECASE)
_NEEDED = "a time above 0 is needed: seconds, or with units such as 90s, 45m, 2h, 1d or 1h30m"


def seconds_of(value: object) -> object:
    """Return a length of time in seconds; None stays None.

    Args:
        value: A number of seconds, or a text.

    Raises:
        ValueError: It is no length of time.

    Examples:
        >>> seconds_of("2h"), seconds_of("1h30m"), seconds_of("90"), seconds_of(45)
        (7200.0, 5400.0, 90.0, 45.0)
        >>> seconds_of("2 weeks")
        Traceback (most recent call last):
            ...
        ValueError: a time above 0 is needed: seconds, or with units such as 90s, 45m, 2h, ...
    """
    if value is None:
        return None
    seconds = math.nan
    if isinstance(value, str):
        seconds = _read(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(_NEEDED)
    return seconds


def duration_text(seconds: float) -> str:
    """Return a length of time in its largest units, which `seconds_of` reads again.

    Examples:
        >>> duration_text(5400), duration_text(86400), duration_text(0.4), duration_text(75.26)
        ('1h30m', '1d', '0.4s', '1m15s')
    """
    if seconds < 1:
        return f"{seconds:.1g}s"
    left, parts = round(seconds), []
    for unit in "dhms":
        size = int(_UNITS[unit])
        if left >= size:
            parts.append(f"{left // size}{unit}")
            left %= size
    return "".join(parts[:2])


def _read(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text):
        return math.nan
    units = [unit.lower() for _, unit in parts]
    if len(set(units)) < len(units):
        return math.nan
    return sum(float(number) * _UNITS[unit.lower()] for number, unit in parts)
