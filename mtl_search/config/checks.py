"""Checks of arguments that come from a config, where a number may just as well be a word.

Each function takes a value and the dotted path of its key, returns the value in its proper type,
and raises a `ConfigError` with that path otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

from mtl_search.config.base import Component
from mtl_search.errors import ConfigError
from mtl_search.registry import join_path


def check_int(
    value: object, path: str, *, low: int = 1, high: int | None = None, limit: str = ""
) -> int:
    """Return a whole number between two ends, both included; `True` is none.

    Args:
        value: What the config has.
        path: Dotted path of the key.
        low: The smallest number allowed.
        high: The largest number allowed; None means that there is no limit.
        limit: Where the largest number comes from, for the message.

    Raises:
        ConfigError: The value is not a whole number in this range.

    Examples:
        >>> check_int(3, "training.epochs", high=10)
        3
    """
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if number >= low and (high is None or number <= high):
            return number
    allowed = f"from {low} to {high}"
    if high is None:
        allowed = f"of at least {low}"
    if limit:
        allowed += f" ({limit})"
    raise ConfigError(f"a whole number {allowed} is needed", path=path, value=value)


def check_ints(value: object, path: str, *, allow_empty: bool = False) -> tuple[int, ...]:
    """Return a list of whole numbers above 0, such as the widths of layers.

    Raises:
        ConfigError: The value is no such list, or the list is empty and `allow_empty` is False.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ConfigError(
            "a list of whole numbers is needed, such as [64, 32]", path=path, value=value
        )
    if not value and not allow_empty:
        raise ConfigError("a list of at least one number is needed", path=path, value=list(value))
    return tuple(check_int(item, path) for item in value)


def check_number(
    value: object,
    path: str,
    *,
    low: float = 0.0,
    high: float = math.inf,
    exclude_low: bool = False,
    exclude_high: bool = False,
) -> float:
    """Return a finite number between two ends.

    Args:
        value: What the config has.
        path: Dotted path of the key.
        low: The lower end.
        high: The upper end.
        exclude_low: Whether the number must be above `low`.
        exclude_high: Whether the number must be below `high`.

    Raises:
        ConfigError: The value is not a number in this range.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        is_excluded = (exclude_low and number == low) or (exclude_high and number == high)
        if low <= number <= high and math.isfinite(number) and not is_excluded:
            return number
    limits = _range(low, high, exclude_low, exclude_high)
    raise ConfigError(f"a number {limits} is needed", path=path, value=value)


def check_numbers(value: object, path: str) -> tuple[float, ...]:
    """Return a list of numbers, each 0 or more.

    Raises:
        ConfigError: The value is no such list, or the list is empty.
    """
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise ConfigError("a list of numbers is needed, such as [1.0, 2.5]", path=path, value=value)
    return tuple(check_number(item, path) for item in value)


def check_choice(value: object, path: str, allowed: Iterable[str], kind: str = "") -> str:
    """Return one of a few names.

    Args:
        value: What the config has.
        path: Dotted path of the key.
        allowed: The names.
        kind: What the names stand for, for the message.

    Raises:
        ConfigError: The value is none of the names.
    """
    # A table of 10,000 columns asks once a column, so its names are not written out each time.
    if isinstance(value, str) and isinstance(allowed, Collection) and value in allowed:
        return value
    names = [str(name) for name in allowed]
    if not isinstance(value, str) or value not in names:
        message = "this is not one of the allowed values"
        if kind:
            message = f"there is no {kind} of this name"
        raise ConfigError(message, path=path, value=value, allowed=names)
    return value


def check_text(value: object, path: str) -> str:
    """Return a text that is not empty.

    Raises:
        ConfigError: The value is no text, or it is empty.
    """
    if not isinstance(value, str) or not value:
        raise ConfigError("a text is needed", path=path, value=value)
    return value


def check_names(value: object, path: str) -> tuple[str, ...]:
    """Return a list of different names; one name stands for a list of one.

    Raises:
        ConfigError: The value is no such list, or a name is given twice.
    """
    names = [value] if isinstance(value, str) else value
    if (
        not isinstance(names, list | tuple)
        or not names
        or not all(isinstance(name, str) for name in names)
    ):
        raise ConfigError("a list of names is needed", path=path, value=value)
    if len(set(names)) < len(names):
        raise ConfigError("a name is given twice", path=path, value=value)
    return tuple(names)


def check_mapping(value: object, path: str) -> dict[str, Any]:
    """Return a mapping with at least one key, all of them texts.

    Raises:
        ConfigError: The value is no such mapping.
    """
    if (
        not isinstance(value, Mapping)
        or not value
        or not all(isinstance(key, str) for key in value)
    ):
        raise ConfigError("a mapping from names is needed", path=path, value=value)
    return dict(value)


def check_component(value: object, path: str) -> Component:
    """Return a part chosen by name: `name`, or `{name: ..., <argument>: ...}`.

    Raises:
        ConfigError: The value names no part.
    """
    tree = {"name": value} if isinstance(value, str) else value
    if not isinstance(tree, Mapping) or not isinstance(tree.get("name"), str) or not tree["name"]:
        raise ConfigError(
            "a name is needed, or {name: ..., <argument>: ...}", path=path, value=value
        )
    return Component.model_validate(check_mapping(tree, path))


@contextmanager
def prefix_path(path: str) -> Iterator[None]:
    """Put `path` in front of the path of a `ConfigError` of the block.

    A head does not know its task's name, for example, so it raises with a path below its own.
    """
    try:
        yield
    except ConfigError as error:
        whole_path = path
        message = f"{path}: {error}"
        if error.path:
            whole_path = join_path(path, error.path)
            message = f"{path}.{error}"
        placed = error.at(whole_path)
        placed.args = (message,)
        raise placed from error


def _range(low: float, high: float, exclude_low: bool, exclude_high: bool) -> str:
    lower = f"of at least {low:g}"
    if exclude_low:
        lower = f"above {low:g}"
    if high == math.inf:
        return lower
    if not (exclude_low or exclude_high):
        return f"from {low:g} to {high:g}"
    upper = f"at most {high:g}"
    if exclude_high:
        upper = f"below {high:g}"
    return f"{lower} and {upper}"
