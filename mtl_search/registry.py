"""Families of interchangeable parts: one explicit table each, no decorators, so every process sees the same table."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from mtl_search.errors import ConfigError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A named, read-only table from names to members; `"module:attribute"` reaches members of the user.

    Args:
        kind: What the members are, for messages: `head`, `backbone`, ...
        members: The table.
        given: Arguments of a member that the program supplies; all other parameters are the user's to set.
    """

    def __init__(self, kind: str, members: Mapping[str, T], *, given: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self._members = dict(members)
        self._given = given

    def __getitem__(self, name: str) -> T:
        return self.get_member(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def get_member(self, name: str, path: str = "") -> T:
        """The member called `name`, or the object that `module:attribute` names.

        Raises:
            ConfigError: No such member, module or attribute; `path` says where the name was read.
        """
        if ":" in name:
            return cast("T", import_attribute(name, path))
        if name not in self._members:
            raise ConfigError(
                f"there is no {self.kind} of this name (your own: 'module:attribute')",
                path=path,
                value=name,
                allowed=self._members,
            )
        return self._members[name]

    def arguments(self, name: str, path: str = "") -> dict[str, inspect.Parameter]:
        """The parameters of a member that a config may set, in order.

        Raises:
            ConfigError: No such member, or what `module:attribute` names cannot be called.
        """
        member: Any = self.get_member(name, path)
        try:
            parameters = inspect.signature(member).parameters
        except (TypeError, ValueError):
            message = (
                f"a {self.kind} is a class or a function, and this is a {type(member).__name__}"
            )
            raise ConfigError(message, path=path, value=name) from None
        return {key: p for key, p in parameters.items() if key not in self._given and key != "self"}

    def check_arguments(self, name: str, arguments: Mapping[str, object], path: str = "") -> None:
        """Refuse arguments that the member does not take, and name those it lacks.

        Raises:
            ConfigError: An unknown argument, or a required one is missing.
        """
        known = self.arguments(name, path)
        open_ended = any(p.kind is p.VAR_KEYWORD for p in known.values())
        named = {
            key: p for key, p in known.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        }
        for key in arguments:
            if key not in named and not open_ended:
                message = f"{self.kind} {name!r} has no such argument"
                raise ConfigError(
                    message, path=join_path(path, key), allowed=named or ["no arguments"]
                )
        missing = [key for key, p in named.items() if p.default is p.empty and key not in arguments]
        if missing:
            raise ConfigError(
                f"{self.kind} {name!r} needs {', '.join(map(repr, missing))}",
                path=path,
                allowed=named,
            )


def join_path(path: str, key: str) -> str:
    """`path.key`, or `key` at the root."""
    return f"{path}.{key}" if path else key


def import_attribute(name: str, path: str = "") -> Any:
    """The object that `"module:attribute"` names.

    Raises:
        ConfigError: The module cannot be imported or has no such attribute.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # the user's module may raise anything at import
        raise ConfigError(
            f"cannot import module {module_name!r} ({type(error).__name__}: {error})",
            path=path,
            value=name,
        ) from error
    if not hasattr(module, attribute):
        public = [key for key in vars(module) if not key.startswith("_")]
        raise ConfigError(
            f"module {module_name!r} has no attribute {attribute!r}",
            path=path,
            value=attribute,
            allowed=public,
        )
    return getattr(module, attribute)
