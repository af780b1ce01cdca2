"""Parameters of an object of the user's that has been imported."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.errors import ConfigError


def inspected_parameters(member: Any, kind: str, name: str, path: str) -> list[inspect.Parameter]:
    """Return the parameters of a class or a function.

    Args:
        member: The object.
        kind: The word for a member of its family, for messages.
        name: Its name in the config.
        path: Dotted path of the key that holds the name.

    Raises:
        ConfigError: It is neither.

    Examples:
        >>> list(map(str, inspected_parameters(pow, "loss", "builtins:pow", "tasks.x.loss.name")))
        ['base', 'exp', 'mod=None']
    """
    if not isinstance(member, type) and hasattr(member, "state_dict"):
        # A module of torch can be called, too, and that is no way to make another one.
        message = (
            f"this is one {type(member).__name__}; a class or a function that makes a new one is "
            "needed, since each trial and each copy has weights of its own"
        )
        raise ConfigError(message, path=path, value=name)
    try:
        return list(inspect.signature(member).parameters.values())
    except (TypeError, ValueError):
        article = "an" if kind[:1] in "aeiou" else "a"
        seen = type(member).__name__
        problem = f"{article} {kind} is a class or a function, and this is a {seen}"
        raise ConfigError(problem, path=path, value=name) from None


def given_by_name(
    parameters: Mapping[str, inspect.Parameter], names: Sequence[str], given: Sequence[object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    """Return what a program supplies as arguments of a call, those by position and by name.

    A class of another library has further parameters in front, or lacks some: each value goes to
    the parameter of its name, and one that there is not is left out.

    Args:
        parameters: The parameters of what is called.
        names: The names of the values.
        given: The values.

    Examples:
        >>> parameters = inspect.signature(lambda quick=True, seed=None: 0).parameters
        >>> given_by_name(parameters, ["seed", "epochs"], [3, 10])
        ((), {'seed': 3})
    """
    kinds = {parameter.kind for parameter in parameters.values()}
    if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY}:
        return tuple(given), {}
    takes_all = inspect.Parameter.VAR_KEYWORD in kinds
    values = zip(names, given, strict=False)
    return (), {name: value for name, value in values if takes_all or name in parameters}
