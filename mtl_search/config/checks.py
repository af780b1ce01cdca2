"""Checks of arguments that come from a config, where a number may just as well be a word.

Each returns the value in the type that torch wants, and raises a `ConfigError` with the path of the key otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral, Real

from mtl_search.errors import ConfigError
from mtl_search.registry import join


def whole(value: object, path: str, *, low: int = 1, high: int | None = None) -> int:
    """A whole number from `low` to `high`, both ends included; `True` is none."""
    given = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if given is None or given < low or (high is not None and given > high):
        allowed = f"{low} or more" if high is None else f"{low} .. {high}"
        raise ConfigError("not a whole number in range", path=path, value=value, allowed=[allowed])
    return given


def wholes(value: object, path: str, *, empty: bool = False) -> tuple[int, ...]:
    """A list of whole numbers above 0, such as the widths of layers."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ConfigError("needs a list of whole numbers", path=path, value=value, allowed=["[64, 32]"])
    if not value and not empty:
        raise ConfigError("the list is empty", path=path, value=list(value), allowed=["at least one number"])
    return tuple(whole(item, path) for item in value)


def number(value: object, path: str, *, low: float = 0.0, high: float = math.inf, open_low: bool = False) -> float:
    """A finite number from `low` to below `high`; `open_low` leaves `low` itself out."""
    given = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not low <= given < high or (open_low and given == low):
        above = f"above {low:g}" if open_low else f"{low:g} or more"
        allowed = above if high == math.inf else f"{above}, below {high:g}"
        raise ConfigError("not a number in range", path=path, value=value, allowed=[allowed])
    return given


def numbers(value: object, path: str) -> tuple[float, ...]:
    """A list of numbers, 0 or more."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise ConfigError("needs a list of numbers", path=path, value=value, allowed=["[1.0, 2.5]"])
    return tuple(number(item, path) for item in value)


def one_of(value: object, names: Collection[str], path: str) -> str:
    """One of a few names."""
    if not isinstance(value, str) or value not in names:
        raise ConfigError("not one of the allowed values", path=path, value=value, allowed=names)
    return value


@contextmanager
def within(path: str) -> Iterator[None]:
    """Put `path` in front of the path of a `ConfigError` raised inside: a head does not know its task's name."""
    try:
        yield
    except ConfigError as error:
        placed = ConfigError(error.problem, path=join(path, error.path) if error.path else path)
        placed.args = (f"{path}{'.' if error.path else ': '}{error}",)
        raise placed from error
