"""Whether the values of a line are what its event says: a text in place of a number is damage.

The check follows from the annotations of the event's class, so a new field is checked by itself.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from mtl_search.storage.trial_info import TrialInfo

# Returns what is wrong with a value, in words; empty where nothing is.
Check = Callable[[Any], str]

# `Mapping[str, Any]` in the event, since later versions may say more of a trial.
_KNOWN = {"info": TrialInfo}
_LARGEST = 2**63


def problem_of(event_class: type, line: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return what is wrong with the values of a line; empty where nothing is.

    Args:
        event_class: Class of the line's event.
        line: The line.
        names: Names of the fields to check.

    Examples:
        >>> from mtl_search.storage.events import GenerationEnded
        >>> problem_of(GenerationEnded, {"arm": "search", "epoch": "three"}, ["arm", "epoch"])
        "epoch: a whole number is needed, not 'three'"
        >>> problem_of(GenerationEnded, {"arm": "search", "epoch": 3}, ["arm", "epoch"])
        ''
    """
    checks = _checks_of(event_class)
    for name in names:
        if problem := checks[name](line[name]):
            return _at(name, problem)
    return ""


@cache
def _checks_of(event_class: type) -> dict[str, Check]:
    hints = {**get_type_hints(event_class), **_KNOWN}
    return {field.name: _check_of(hints[field.name]) for field in fields(event_class)}


def _check_of(hint: Any) -> Check:
    """Return the check of a type; a type that this module does not know is a broken invariant."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_typeddict(hint):
        of_keys = get_type_hints(hint)
        return _of_known_keys({key: _check_of(value) for key, value in of_keys.items()})
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return _one_of(arguments)
    return _BY_ORIGIN[get_origin(hint)]([_check_of(part) for part in arguments])


def _needed(what: str, value: Any) -> str:
    text = repr(value)
    return f"{what} is needed, not {text if len(text) <= 60 else text[:56] + ' ...'}"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else _needed("a text", value)


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else _needed("true or false", value)


def _whole(value: Any) -> str:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return "" if is_whole and abs(value) < _LARGEST else _needed("a whole number", value)


def _number(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isfinite(value) else _needed("a finite number", value)
    return "" if not _whole(value) else _needed("a number", value)


def _nothing(value: Any) -> str:
    return "" if value is None else _needed("null", value)


def _anything(value: Any) -> str:
    """Check a value of any kind: numbers in it are finite."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return _mapping_of([_anything])(value)
    return _list_of([_anything])(value) if isinstance(value, list) else ""


_PLAIN: dict[Any, Check] = {
    str: _text,
    bool: _flag,
    int: _whole,
    float: _number,
    type(None): _nothing,
    Any: _anything,
}


def _one_of(allowed: Sequence[Any]) -> Check:
    def check(value: Any) -> str:
        if isinstance(value, str) and value in allowed:
            return ""
        return _needed(f"one of {', '.join(map(repr, allowed))}", value)

    return check


def _any_of(checks: Sequence[Check]) -> Check:
    def check(value: Any) -> str:
        problems = [check(value) for check in checks]
        return "" if "" in problems else problems[0]

    return check


def _mapping_of(checks: Sequence[Check]) -> Check:
    of_value = checks[-1]

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return _needed("a mapping", value)
        return next((_at(key, p) for key, item in value.items() if (p := of_value(item))), "")

    return check


def _of_known_keys(checks: Mapping[str, Check]) -> Check:
    """Check the values whose keys are known."""

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return _needed("a mapping", value)
        known = ((key, checks[key]) for key in value if key in checks)
        return next((_at(key, p) for key, check in known if (p := check(value[key]))), "")

    return check


def _list_of(checks: Sequence[Check]) -> Check:
    (of_item,) = checks

    def check(value: Any) -> str:
        if not isinstance(value, list | tuple):
            return _needed("a list", value)
        return next((p for item in value if (p := of_item(item))), "")

    return check


def _row_of(checks: Sequence[Check]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, list | tuple) or len(value) != len(checks):
            return _needed(f"a list of {len(checks)}", value)
        problems = (of_item(item) for of_item, item in zip(checks, value, strict=True))
        return next((p for p in problems if p), "")

    return check


_BY_ORIGIN: dict[Any, Callable[[Sequence[Check]], Check]] = {
    Union: _any_of,
    types.UnionType: _any_of,
    list: _list_of,
    dict: _mapping_of,
    Mapping: _mapping_of,
    Sequence: _list_of,
    tuple: _row_of,
}


def _at(key: str, problem: str) -> str:
    """Name the place of a problem: `metrics, val/left/accuracy: ...`."""
    separator = ": " if " is needed, not " in problem.partition(": ")[0] else ", "
    return f"{key}{separator}{problem}"
