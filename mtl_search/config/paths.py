"""Dotted paths, such as `tasks.*.loss_weight`, into a config that is still plain dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.errors import ConfigError

# A key of the space is itself a dotted path, so all that follows this prefix is one key.
SPACE = "search.space."


def split(path: str) -> list[str]:
    """Split a path into its keys; what follows `search.space.` is one key.

    Examples:
        >>> split("search.space.training.optimizer.lr")
        ['search', 'space', 'training.optimizer.lr']
    """
    if path.startswith(SPACE):
        return ["search", "space", path.removeprefix(SPACE)]
    return path.split(".")


def put(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path in place; a name that stands for `{name: ...}` is opened up first.

    Raises:
        ConfigError: The path leads through something that has no keys, or is no text.
    """
    if not isinstance(path, str) or not path:
        raise ConfigError("an override needs a dotted path, such as search.trials", value=path)
    *parents, last = split(path)
    node = tree
    for depth, key in enumerate(parents):
        child = node.get(key)
        if isinstance(child, str):
            child = {"name": child}
        elif child is None:
            child = {}
        if not isinstance(child, dict):
            raise ConfigError(
                "this is a value and has no keys", path=".".join(parents[: depth + 1]), value=child
            )
        node[key] = child
        node = child
    if path.startswith(SPACE) and value is None:
        node.pop(last, None)
    else:
        node[last] = value


def get(tree: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """Return the value at a path, or `default` where there is none."""
    node: Any = tree
    for key in split(path):
        if not isinstance(node, Mapping) or key not in node:
            return default
        node = node[key]
    return node


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the leaves of a tree by dotted path; lists are leaves."""
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            leaves.update(flatten(value, f"{path}."))
        else:
            leaves[path] = value
    return leaves
