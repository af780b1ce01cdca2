"""Between a checked `Config` and plain trees: with all values, or as stored, without secrets."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Mapping
from typing import Any

import yaml

from mtl_search.config import environment, secrets
from mtl_search.config.environment import Expansion
from mtl_search.config.families.tasks import folded
from mtl_search.config.renamed_keys import with_new_names
from mtl_search.config.schema import Config
from mtl_search.config.strict_yaml import DEEPEST
from mtl_search.config.validation_errors import translate
from mtl_search.errors import ConfigError
from mtl_search.registry import join_path

# The layout of the configs that this version writes.
FORMAT_KEY, FORMAT = "format", 1


def parse(tree: Mapping[str, Any]) -> Config:
    """Return a plain tree as a checked `Config`.

    Raises:
        ConfigError: A value is wrong; all complaints of pydantic become one error.
    """
    from pydantic import ValidationError

    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise translate(error, Config) from None


def parse_like(config: Config, tree: Mapping[str, Any]) -> Config:
    """Return a tree that was made from a config as a checked `Config`.

    Args:
        config: The config that it was made from. What it has from the environment is known of the
            new one, too, where the value is the same.
        tree: The tree.

    Raises:
        ConfigError: A value is wrong.
    """
    parsed = parse(tree)
    written = config.written
    if written:
        before, after = to_dict(config), to_dict(parsed)
        kept = {
            path: text
            for path, text in written.items()
            if environment.value_at(before, path) == environment.value_at(after, path)
        }
        parsed.set_written(kept)
    return parsed


def to_dict(config: Config) -> dict[str, Any]:
    """Return the resolved config as plain JSON types, which `parse` reads again.

    It has passwords and values of the environment in it; what is written anywhere is `to_stored`.
    """
    return config.model_dump(mode="json", by_alias=True, exclude_none=True)


def to_stored(config: Config) -> dict[str, Any]:
    """Return the config without secrets, for files, MLflow and messages.

    Texts that come from the environment stand there as `${NAME}` again, and passwords of addresses
    as `***`.

    Examples:
        >>> from mtl_search.config import load_config
        >>> tree = {"name": "demo", "data": "digit_pairs", "model": {"backbone": "mlp"}}
        >>> tree["tracking"] = {"uri": "https://me:hunter2@host"}
        >>> config = load_config({**tree, "tasks": {"left": {"head": "softmax"}}})
        >>> to_stored(config)["tracking"]["uri"]
        'https://me:***@host'
    """
    tree = to_dict(config)
    for path, text in config.written.items():
        environment.put_at(tree, path, text)
    stored: dict[str, Any] = secrets.masked_tree(tree)
    return stored


def from_stored(tree: Mapping[str, Any]) -> Config:
    """Return a config that `to_stored` made; a variable that is not set stays as it is written.

    Raises:
        ConfigError: A value is wrong.
    """
    expansion = Expansion(lenient=True)
    return with_expanded(parse(expansion.expand(plain(with_new_names(dict(tree))))), expansion)


def to_yaml(config: Config) -> str:
    """Return the config without secrets as YAML, which `load_config` reads again.

    Many tasks that are alike are one family with its names.
    """
    tree = {FORMAT_KEY: FORMAT, **to_stored(config)}
    tree["tasks"] = folded(tree["tasks"])
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


# What names something that is in a sweep's files anyway, or that reading them depends on.
_PUBLIC = (("name",), ("search", "objective"), ("tracking", "experiment"))
_PUBLIC_OF_TASK = ("target", "view", "metrics", "side_inputs", "spans")


def with_expanded(config: Config, expansion: Expansion) -> Config:
    """Remember which texts of a config come from the environment, and what is secret in it.

    Raises:
        ConfigError: A text of the search space does: its values are written to the journal.
    """
    tree = to_dict(config)
    _remember_passwords(tree)
    if not expansion.written:
        return config
    kept = dict(config.written)
    for path, text in expansion.written.items():
        if not isinstance(environment.value_at(tree, path), str) or _is_public(path):
            continue  # numbers are no secrets, nor are the names of components
        if path[:2] == ("search", "space"):
            raise ConfigError(
                "the values of the search space are written to the journal: write this text out, "
                "instead of a variable",
                path=environment.dotted(path),
                value=text,
            )
        kept[path] = text
    return with_written(config, _readable(tree, kept))


def with_written(config: Config, written: Mapping[environment.Path, str]) -> Config:
    """Tell a config how texts of the environment stand in its file; `secrets.masked` learns them.

    Args:
        config: The config, checked.
        written: Place → the text with `${NAME}` in it.
    """
    config.set_written(dict(written))
    tree = to_dict(config)
    _remember_passwords(tree)
    for path, text in written.items():
        value = environment.value_at(tree, path)
        for name, secret in environment.values_in(text, value).items():
            secrets.remember(secret, f"${{{name}}}")
    return config


def _is_public(path: environment.Path) -> bool:
    is_of_task = path[0] == "tasks" and len(path) > 2 and path[2] in _PUBLIC_OF_TASK
    return path in _PUBLIC or path[-1] == "name" or is_of_task


def _readable(tree: dict[str, Any], written: dict[environment.Path, str]) -> dict[Any, str]:
    """Leave out what must be one of a few words, or the stored config could not be read."""
    from pydantic import ValidationError

    stored = copy.deepcopy(tree)
    for path, text in written.items():
        environment.put_at(stored, path, text)
    try:
        Config.model_validate(stored)
    except ValidationError as error:
        wrong = [problem["loc"] for problem in error.errors()]
        return {
            path: text
            for path, text in written.items()
            if not any(place[: len(path)] == path for place in wrong)
        }
    return written


def _remember_passwords(node: Any) -> None:
    if isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            _remember_passwords(value)
    elif isinstance(node, str) and "://" in node:
        secrets.remember_passwords(node)


def plain(node: Any, path: str = "", depth: int = 0) -> Any:
    """Copy a tree so that nothing in it is shared, as YAML's aliases are.

    Raises:
        ConfigError: It has what YAML or JSON cannot write: a key that is no text, a value of
            another type, NaN or infinity, or a structure that holds itself.
    """
    if depth > DEEPEST:
        raise ConfigError(f"nested more than {DEEPEST} deep", path=path.partition(".")[0])
    if isinstance(node, Mapping):
        for key in node:
            if not isinstance(key, str):
                raise ConfigError("a key is text: put it in quotes", path=path, value=key)
        return {key: plain(value, join_path(path, key), depth + 1) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [plain(value, f"{path}.{number}", depth + 1) for number, value in enumerate(node)]
    if isinstance(node, os.PathLike):
        return str(node)
    if hasattr(node, "item") and getattr(node, "shape", None) == ():
        node = node.item()  # a NumPy number
    if isinstance(node, float) and not math.isfinite(node):
        raise ConfigError("a finite number is needed", path=path, value=node)
    if node is not None and not isinstance(node, str | int | float):
        allowed = ("text", "numbers", "true and false", "null", "lists", "mappings")
        raise ConfigError(
            f"a config cannot hold a {type(node).__name__}", path=path, value=node, allowed=allowed
        )
    return node
