"""Keys that had another name in an earlier version.

A config of the user's that still has an old name is refused with the new one. What a sweep of an earlier version has
written (its config, its journal, its networks) is read with the new names instead, so that it can be reported, resumed
and extended.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def new_path(path: str) -> str:
    """Return a dotted path with the names of today."""
    keys = path.split(".")
    for old, new in RENAMED.items():
        pattern = old.split(".")
        if len(keys) >= len(pattern) and all(
            a in ("*", b) for a, b in zip(pattern, keys, strict=False)
        ):
            renamed = [b if a == "*" else a for a, b in zip(new.split("."), keys, strict=False)]
            return ".".join([*renamed, *keys[len(pattern) :]])
    return path


def with_new_names(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree of a config with the names of today, in its keys and in the paths of its search space."""
    renamed = _renamed(tree, "")
    space = paths.get(renamed, "search.space")
    if isinstance(space, dict):
        renamed["search"]["space"] = {
            new_path(path): _entry(entry) for path, entry in space.items()
        }
    return renamed


def refuse_old_names(tree: Mapping[str, Any]) -> None:
    """Check that a config has no key of an earlier version.

    Raises:
        ConfigError: It has one; the message says what the key is called today.
    """
    space = paths.get(tree, "search.space")
    searched = list(space) if isinstance(space, Mapping) else []
    for path in [*_key_paths(tree, ""), *searched]:
        if (renamed := new_path(path)) != path:
            shown = path if path not in searched else f"search.space.{path}"
            raise ConfigError(f"this key is now called {renamed!r}", path=shown)


def _renamed(node: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The tree with new names in its keys; a path of the search space is one key and stays as it is."""
    renamed: dict[str, Any] = {}
    for key, value in node.items():
        old = join_path(path, key)
        new_key = key if path == "search.space" else new_path(old).rpartition(".")[2]
        renamed[new_key] = _renamed(value, old) if isinstance(value, Mapping) else value
    return renamed


def _entry(entry: Any) -> Any:
    """An entry of the search space with new names in its condition."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("when"), Mapping):
        return entry
    return {**entry, "when": {new_path(path): value for path, value in entry["when"].items()}}


def _key_paths(node: Mapping[str, Any], path: str) -> list[str]:
    """The dotted path of every key outside the search space."""
    found = []
    for key, value in node.items():
        own = join_path(path, str(key))
        found.append(own)
        if isinstance(value, Mapping) and own != "search.space":
            found += _key_paths(value, own)
    return found
