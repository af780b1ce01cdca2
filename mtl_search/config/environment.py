"""`${NAME}` and `${NAME:-default}` in a config: replaced when read, kept when stored."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from mtl_search.config.strict_yaml import NOT_YAML, load_yaml
from mtl_search.errors import ConfigError

# Keys, and indices of lists.
Path = tuple[str | int, ...]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass
class Expansion:
    """Replace variables in a tree, and remember where.

    Attributes:
        lenient: Whether a variable that is not set stays as it is written.
        written: Place → the text with the variable in it, where the environment gave its value.
    """

    lenient: bool = False
    written: dict[Path, str] = field(default_factory=dict)

    def expand(self, node: Any, path: Path = ()) -> Any:
        """Return the tree with its variables replaced.

        A string that is only a variable is read as YAML, so that it may be a number.

        Raises:
            ConfigError: A variable is not set and has no default.
        """
        if isinstance(node, dict):
            return {key: self.expand(value, (*path, key)) for key, value in node.items()}
        if isinstance(node, list):
            return [self.expand(value, (*path, number)) for number, value in enumerate(node)]
        if not isinstance(node, str) or "${" not in node:
            return node
        text = _VARIABLE.sub(lambda match: self._value_of(match, node, path), node)
        if not _VARIABLE.fullmatch(node):
            return text
        try:
            value = load_yaml(text)
        except NOT_YAML:
            return text
        return value if isinstance(value, int | float) else text

    def _value_of(self, match: re.Match[str], text: str, path: Path) -> str:
        name, default = match.groups()
        value = os.environ.get(name)
        if value is not None:
            self.written[path] = text
        elif default is not None:
            return str(default)
        elif self.lenient:
            return match.group()
        else:
            raise ConfigError(
                f"the environment variable {name} is not set (a default: ${{{name}:-value}})",
                path=dotted(path),
            )
        return value


def values_in(text: str, value: str) -> dict[str, str]:
    """Return the values of variables, from a text and what it became.

    Examples:
        >>> values_in("https://me:${PASSWORD}@host", "https://me:hunter2@host")
        {'PASSWORD': 'hunter2'}
    """
    names: list[str] = []
    pattern, end = "", 0
    for match in _VARIABLE.finditer(text):
        names.append(match.group(1))
        pattern += re.escape(text[end : match.start()]) + "(.*)"
        end = match.end()
    found = re.fullmatch(pattern + re.escape(text[end:]), value, re.DOTALL)
    return dict(zip(names, found.groups(), strict=True)) if found else {}


def dotted(path: Path) -> str:
    """Return a place as a dotted path."""
    return ".".join(map(str, path))


def value_at(tree: Any, path: Path) -> Any:
    """Return the value at a place; None where there is none."""
    try:
        return reduce(lambda node, key: node[key], path, tree)
    except (KeyError, IndexError, TypeError):
        return None


def put_at(tree: Any, path: Path, value: Any) -> None:
    """Set the value at a place that exists."""
    value_at(tree, path[:-1])[path[-1]] = value
