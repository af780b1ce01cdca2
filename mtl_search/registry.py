"""Families of interchangeable parts: one explicit table each, no decorators.

Every process, a Ray worker included, sees the same table. Members are written as references,
`"package.module:attribute"`, so that a table can be read without importing what it names.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Generic, TypeVar, cast

from mtl_search.errors import ConfigError, MtlSearchError
from mtl_search.source import Definition, find_definition
from mtl_search.source.collection import collection_paused
from mtl_search.source.inspected import given_by_name, inspected_parameters
from mtl_search.source.misfit import misfit
from mtl_search.source.module_path import check_not_hidden

T = TypeVar("T")

_VARIADIC = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


class Settings(ABC):
    """Arguments of an object whose library is slow to import.

    A member of a registry may be a class of settings: it checks its arguments when it is made, and
    builds the object itself only when it is asked to.
    """

    @abstractmethod
    def create(self) -> Any:
        """Build the object."""


class Registry(Mapping[str, T], Generic[T]):
    """A named, read-only table from names to members.

    Beside the table's own names, `"module:attribute"` reaches members of the user.

    Args:
        kind: The word for a member in messages, such as `head` or `backbone`.
        members: The table. A text is a reference, `"package.module:attribute"`, which is imported
            when the member is first asked for.
        given: Names of the arguments that the program supplies; the user sets the others.
        base: A reference to the class that `build` must give; an empty text means any.

    Examples:
        >>> from mtl_search.registry import Registry
        >>> numbers = Registry("number", {"half": "fractions:Fraction"})
        >>> numbers.build("half", {"numerator": 1, "denominator": 2}, "data.number")
        Fraction(1, 2)
        >>> numbers.build("haf", {}, "data.number")
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: data.number.name: there is no number of this name ...
    """

    def __init__(
        self,
        kind: str,
        members: Mapping[str, T | str],
        *,
        given: tuple[str, ...] = (),
        base: str = "",
    ) -> None:
        self.kind = kind
        self._members = dict(members)
        self._references = {k: m for k, m in members.items() if isinstance(m, str)}
        self._given = given
        self._base = base

    def __getitem__(self, name: str) -> T:
        return self.get_member(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def get_member(self, name: str, path: str = "") -> T:
        """Return the member of this name, or the object that `module:attribute` names.

        Args:
            name: The member's name.
            path: Dotted path of the key that holds the name, for the message.

        Raises:
            ConfigError: There is no such member, module or attribute.
        """
        if ":" in name:
            return cast("T", import_attribute(name, path))
        self._check_name(name, path)
        member = self._members[name]
        if isinstance(member, str):
            module, _, attribute = member.partition(":")
            member = cast("T", getattr(importlib.import_module(module), attribute))
            self._members[name] = member
        return member

    def build(
        self, name: str, arguments: Mapping[str, Any], path: str, *given: object, **supplied: object
    ) -> Any:
        """Call a member.

        Args:
            name: The member's name, or `module:attribute`.
            arguments: The arguments that the config sets.
            path: Dotted path of the config's section, for messages.
            given: The arguments that the program supplies, in the registry's order of their names.
            supplied: Further arguments that it supplies by name.

        Returns:
            What the member gives, an instance of the registry's base class.

        Raises:
            ConfigError: There is no such member, an argument is wrong, the member fails, or it
                gives something else.
        """
        built = self.prepare(name, arguments, path, *given, **supplied)
        if isinstance(built, Settings):
            with self.blamed_on(name, arguments, path):
                built = built.create()
        return built

    def prepare(
        self, name: str, arguments: Mapping[str, Any], path: str, *given: object, **supplied: object
    ) -> Any:
        """Call a member as `build` does, but leave settings as they are.

        Returns:
            Settings, whose arguments are checked, or what the member gives.

        Raises:
            ConfigError: As of `build`.
        """
        self.check_arguments(name, arguments, path)
        factory: Callable[..., Any] = cast("Any", self.get_member(name, join_path(path, "name")))
        positions, named = given_by_name(self.parameters(name, path), self._given, given)
        with self.blamed_on(name, arguments, path):
            built = factory(*positions, **named, **supplied, **arguments)
        is_right = not self._base or isinstance(built, Settings)
        if not is_right and not isinstance(built, import_attribute(self._base)):
            needed = self._base.replace(":", ".")
            message = f"this gives a {type(built).__name__}; a {needed} is needed"
            raise ConfigError(message, path=join_path(path, "name"), value=name)
        return built

    def definition(self, name: str) -> Definition | None:
        """Find a member in its source, without importing it; None when the source does not tell."""
        reference = name if ":" in name else self._references.get(name, "")
        is_imported = reference.partition(":")[0] in sys.modules
        if ":" in name and is_imported:
            return None  # a user's session may have changed the object since
        return find_definition(reference)

    def arguments(self, name: str, path: str = "") -> dict[str, inspect.Parameter]:
        """Return the parameters of a member that a config may set, in order.

        They are read from the source where it tells them; otherwise the member is imported.

        Raises:
            ConfigError: There is no such member, or what `module:attribute` names cannot be called.
        """
        parameters = self.parameters(name, path)
        return {key: p for key, p in parameters.items() if key not in self._given}

    def parameters(self, name: str, path: str = "") -> dict[str, inspect.Parameter]:
        """Return all parameters of a member, those that the program supplies included.

        Raises:
            ConfigError: As of `arguments`.
        """
        self._check_name(name, join_path(path, "name"))
        definition = self.definition(name)
        found = None if definition is None else definition.parameters()
        if found is None:
            place = join_path(path, "name")
            found = inspected_parameters(self.get_member(name, place), self.kind, name, place)
        return {p.name: p for p in found if p.name != "self"}

    def summary(self, name: str) -> str:
        """Return the first line of a member's docstring."""
        definition = self.definition(name)
        text = inspect.getdoc(self[name]) if definition is None else definition.docstring()
        return (text or "").split("\n")[0]

    def constant(self, name: str, attribute: str, path: str = "") -> Any:
        """Return a class attribute of a member, read from its source where it tells it.

        Raises:
            ConfigError: There is no such member, or it has no such attribute.
        """
        self._check_name(name, join_path(path, "name"))
        definition = self.definition(name)
        try:
            if definition is not None:
                return definition.constant(attribute)
        except LookupError:
            pass
        member = self.get_member(name, join_path(path, "name"))
        if not hasattr(member, attribute):
            message = f"this is no {self.kind}, it has no attribute {attribute!r}"
            raise ConfigError(message, path=join_path(path, "name"), value=name)
        return getattr(member, attribute)

    def check_arguments(self, name: str, arguments: Mapping[str, object], path: str = "") -> None:
        """Refuse arguments that the member does not take, and name those it lacks.

        Raises:
            ConfigError: There is no such member, an argument is unknown, or a required one is
                missing.
        """
        parameters = self.arguments(name, path)
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        named = {key: p for key, p in parameters.items() if p.kind not in _VARIADIC}
        for key in arguments:
            if key not in named and not open_ended:
                message = f"{self.kind} {name!r} has no such argument"
                allowed = named or ["no arguments"]
                raise ConfigError(message, path=join_path(path, key), allowed=allowed)
        missing = [key for key, p in named.items() if p.default is p.empty and key not in arguments]
        if missing:
            message = f"{self.kind} {name!r} needs {', '.join(map(repr, missing))}"
            raise ConfigError(message, path=path, allowed=named)

    @contextmanager
    def blamed_on(self, name: str, arguments: Mapping[str, Any], path: str) -> Iterator[None]:
        """Turn what a member raises inside into an error of the config.

        Raises:
            ConfigError: The member has failed; errors of this package stay as they are.
        """
        try:
            yield
        except MtlSearchError:
            raise
        except Exception as error:  # libraries and users' code raise anything
            cause = f"cannot build {self.kind} {name!r} ({type(error).__name__}: {error})"
            known: Mapping[str, inspect.Parameter] = {}
            with suppress(ConfigError):  # of a name that is none: then nothing more is known
                known = self.arguments(name, path)
            found = misfit(known, arguments)
            if found is None:
                raise ConfigError(cause, path=path, value=dict(arguments)) from error
            key, wanted = found
            path = join_path(path, key)
            raise ConfigError(f"{wanted}; {cause}", path=path, value=arguments[key]) from error

    def _check_name(self, name: str, path: str) -> None:
        if ":" not in name and name not in self._members:
            message = f"there is no {self.kind} of this name (your own: 'module:attribute')"
            raise ConfigError(message, path=path, value=name, allowed=self._members)


def join_path(path: str, key: str) -> str:
    """Return `path.key`, or `key` at the root."""
    return f"{path}.{key}" if path else key


def import_attribute(name: str, path: str = "") -> Any:
    """Import the object that `"module:attribute"` names.

    Args:
        name: The reference.
        path: Dotted path of the key that holds it, for the message.

    Raises:
        ConfigError: The module cannot be imported or has no such attribute.
    """
    module_name, _, attribute = name.partition(":")
    if path:  # else it is a reference of ours
        check_not_hidden(module_name, path)
    try:
        with nullcontext() if path else collection_paused():
            module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # the user's module may raise anything at import
        message = f"cannot import module {module_name!r} ({type(error).__name__}: {error})"
        raise ConfigError(message, path=path, value=name) from error
    if not hasattr(module, attribute):
        public = [key for key in vars(module) if not key.startswith("_")]
        message = f"module {module_name!r} has no attribute {attribute!r}"
        raise ConfigError(message, path=path, value=attribute, allowed=public)
    return getattr(module, attribute)
