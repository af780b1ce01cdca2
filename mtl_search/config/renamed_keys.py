"""Keys that had another name in an earlier version.

A user's config that has an old name is refused with the new one. What a sweep of an earlier version
has written (its config, its journal, its networks) is read with the new names instead, so that it
can be reported, resumed and extended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mtl_search.config import paths
from mtl_search.errors import ConfigError
from mtl_search.registry import join_path

# Version 0.1 → today; `*` stands for the name of a task.
RENAMED = {
    "tasks.*.beside": "tasks.*.side_inputs",
    "training.samples": "training.max_samples_per_split",
    "training.resident": "training.cache_on_device",
    "training.lr_factors": "training.lr_multipliers",
    "search.start": "search.initial_points",
    "search.finalists.without_auxiliary": "search.finalists.ablate_auxiliary",
    "resources.patience": "resources.node_timeout_s",
}

_SPACE = "search.space"
# The keys that were renamed: a path with none of them is as it was.
_OLD_KEYS = frozenset(path.rpartition(".")[2] for path in RENAMED)


def new_path(path: str) -> str:
    """Return a dotted path with the names of today.

    Examples:
        >>> new_path("training.lr_factors.heads")
        'training.lr_multipliers.heads'
    """
    if _OLD_KEYS.isdisjoint(path.split(".")):
        return path
    return _renamed_path(path, RENAMED)


def with_first_names(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config's tree with the names that its keys had in version 0.1.

    A hash of it stays the same from version to version.

    Examples:
        >>> with_first_names({"training": {"lr_multipliers": {"heads": 0.5}}})
        {'training': {'lr_factors': {'heads': 0.5}}}
    """
    return _renamed(tree, "", {new: old for old, new in RENAMED.items()})


def with_new_names(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config's tree with the names of today, in its keys and in the paths of its space."""
    renamed = _renamed(tree, "", RENAMED)
    space = paths.get(renamed, _SPACE)
    if isinstance(space, dict):
        renamed["search"]["space"] = {
            new_path(path): _renamed_entry(entry) for path, entry in space.items()
        }
    return renamed


def refuse_old_names(tree: Mapping[str, Any]) -> None:
    """Check that a config has no key of an earlier version.

    Raises:
        ConfigError: It has one; the message says what the key is called today.
    """
    for location, path in [*_key_paths(tree, ""), *_space_paths(tree)]:
        renamed = new_path(path)
        if renamed != path:
            raise ConfigError(f"this key is now called {renamed!r}", path=location)


def refuse_old_path(path: str) -> None:
    """Check that an override names no key of an earlier version.

    One that takes an entry out of the search space leaves no key in the tree to be refused.

    Raises:
        ConfigError: It does; the message says what the key is called today.
    """
    key = path.removeprefix(f"{_SPACE}.")
    if new_path(key) != key:
        raise ConfigError(f"this key is now called {new_path(key)!r}", path=path)


def _begins_with(keys: list[str], pattern: list[str]) -> bool:
    return len(keys) >= len(pattern) and all(
        expected in ("*", key) for expected, key in zip(pattern, keys, strict=False)
    )


def _renamed_path(path: str, names: Mapping[str, str]) -> str:
    keys = path.split(".")
    for old, new in names.items():
        pattern = old.split(".")
        if _begins_with(keys, pattern):
            # Only the last key of a pattern is renamed, so the keys before it stay.
            last = new.rpartition(".")[2]
            return ".".join([*keys[: len(pattern) - 1], last, *keys[len(pattern) :]])
    return path


def _renamed(node: Mapping[str, Any], path: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Rename the keys of a tree outside the search space, whose keys are themselves paths."""
    renamed: dict[str, Any] = {}
    for key, value in node.items():
        key_path = join_path(path, key)
        if isinstance(value, Mapping) and key_path != _SPACE:
            value = _renamed(value, key_path, names)  # noqa: PLW2901
        renamed[_renamed_path(key_path, names).rpartition(".")[2]] = value
    return renamed


def _renamed_entry(entry: Any) -> Any:
    """Rename the paths in the condition of an entry of the search space."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("when"), Mapping):
        return entry
    return {**entry, "when": {new_path(path): value for path, value in entry["when"].items()}}


def _key_paths(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield the dotted path of every key outside the search space, twice: as location and path."""
    for key, value in node.items():
        key_path = join_path(path, str(key))
        yield key_path, key_path
        if isinstance(value, Mapping) and key_path != _SPACE:
            yield from _key_paths(value, key_path)


def _space_paths(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the location and the path of each value that the search space names."""
    space = paths.get(tree, _SPACE)
    if not isinstance(space, Mapping):
        return
    for path, entry in space.items():
        location = f"{_SPACE}.{path}"
        yield location, path
        condition = entry.get("when") if isinstance(entry, Mapping) else None
        for other in condition if isinstance(condition, Mapping) else ():
            yield f"{location}.when.{other}", other
