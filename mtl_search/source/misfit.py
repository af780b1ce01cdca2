"""Which argument of a call that failed is of another type than its default."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from numbers import Real

_EMPTY = inspect.Parameter.empty
# An annotation of a parameter without a default → what it needs, with an example of it.
_ANNOTATED: Mapping[object, object] = {int: 1, "int": 1, float: 0.1, "float": 0.1}


def misfit(
    parameters: Mapping[str, inspect.Parameter], arguments: Mapping[str, object]
) -> tuple[str, str] | None:
    """Return the first argument that is of another type than its default, and what it needs.

    Args:
        parameters: The parameters of what was called.
        arguments: What it was called with.

    Returns:
        The argument's name and a phrase; None where all of them fit, or nothing tells.

    Examples:
        >>> parameters = inspect.signature(lambda lr=0.001, betas=(0.9, 0.999): 0).parameters
        >>> misfit(parameters, {"lr": "high"})
        ('lr', 'a number is needed, such as 0.001')
        >>> misfit(parameters, {"lr": 1, "betas": 0.9})
        ('betas', 'a list of 2 numbers is needed, such as [0.9, 0.999]')
    """
    for name, value in arguments.items():
        if name in parameters:
            wanted = _wanted(_example(parameters[name]), value)
            if wanted:
                return name, wanted
    return None


def _example(parameter: inspect.Parameter) -> object:
    if parameter.default is _EMPTY:
        return _ANNOTATED.get(parameter.annotation)
    return parameter.default


def _wanted(example: object, value: object) -> str:
    """Return what is needed in place of a value; empty where it fits, or nothing is known."""
    if isinstance(example, bool):
        return "" if isinstance(value, Real) else "true or false is needed"
    if isinstance(example, Real):
        return "" if _is_number(value) else f"a number is needed, such as {example}"
    if isinstance(example, tuple | list) and example and all(map(_is_number, example)):
        is_list = isinstance(value, tuple | list) and len(value) == len(example)
        if is_list and all(map(_is_number, value)):  # type: ignore[call-overload]
            return ""
        return f"a list of {len(example)} numbers is needed, such as {list(example)}"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
