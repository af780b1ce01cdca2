"""From YAML, dicts and overrides to a checked `Config`, and back to YAML."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mtl_search.config import paths
from mtl_search.config.renamed_keys import refuse_old_names, refuse_old_path, with_new_names
from mtl_search.config.schema import Config
from mtl_search.config.validation_errors import translate
from mtl_search.errors import ConfigError
from mtl_search.registry import join_path

Overrides = Mapping[str, Any] | Iterable[str]

# A config beside this file was written by a sweep.
_JOURNAL = "journal.jsonl"


def load_config(source: str | Path | Mapping[str, Any], overrides: Overrides = ()) -> Config:
    """Read a config.

    Args:
        source: Path of a YAML file, or the same content as a mapping.
        overrides: Dotted paths with their values, as a mapping (`{"search.trials": 20}`) or as the
            command line has them (`["search.trials=20"]`, the value read as YAML). `null` takes an
            entry of `search.space` out.

    Returns:
        The checked config, with `${NAME}` and `${NAME:-default}` replaced from the environment.

    Raises:
        ConfigError: Something in it is wrong; the message names the key, the value and what is
            allowed.

    Examples:
        >>> tree = {"name": "demo", "data": "digit_pairs", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"left": {"head": "softmax"}}}, ["seed=3"])
        >>> config.seed, config.main_tasks
        (3, ('left',))
    """
    tree: dict[str, Any] = _plain(
        source if isinstance(source, Mapping) else _read_yaml(Path(source))
    )
    if not isinstance(source, Mapping) and Path(source).with_name(_JOURNAL).exists():
        tree = with_new_names(tree)  # a sweep, maybe of an earlier version, has written it
    for path, value in _pairs(overrides):
        paths.put(tree, path, _plain(value, path))
        refuse_old_path(path)
    refuse_old_names(tree)
    return parse(_with_environment(tree))


def override(config: Config, overrides: Overrides) -> Config:
    """Return the config with some values changed, checked again.

    Args:
        config: The config, which stays as it is.
        overrides: The changes, as `load_config` takes them.

    Raises:
        ConfigError: A changed value is wrong.

    Examples:
        >>> tree = {"name": "demo", "data": "digit_pairs", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"left": {"head": "softmax"}}})
        >>> override(config, {"training.epochs": 3}).training.epochs, config.training.epochs
        (3, 10)
    """
    return load_config(to_dict(config), overrides)


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


def to_dict(config: Config) -> dict[str, Any]:
    """Return the resolved config as plain JSON types, which `parse` reads again."""
    return config.model_dump(mode="json", by_alias=True, exclude_none=True)


def to_yaml(config: Config) -> str:
    """Return the resolved config as YAML, which `load_config` reads again."""
    return yaml.safe_dump(to_dict(config), sort_keys=False, allow_unicode=True)


def _pairs(overrides: Overrides) -> Iterable[tuple[str, Any]]:
    if isinstance(overrides, Mapping):
        return overrides.items()
    return [
        _split_override(text) for text in ([overrides] if isinstance(overrides, str) else overrides)
    ]


def _split_override(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    path = path.strip()
    if not equals or not path:
        raise ConfigError("an override is written path=value, such as search.trials=20", value=text)
    try:
        return path, _load_yaml(value)
    except _NOT_YAML as error:
        raise ConfigError(
            f"the value is not YAML: {_one_line(error)}", path=path, value=value
        ) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        configs = [str(neighbour) for neighbour in sorted(path.parent.glob("*.y*ml"))]
        raise ConfigError("no such config file", value=str(path), allowed=configs) from None
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the path
        raise ConfigError(f"cannot read the config file: {error}", value=str(path)) from None
    try:
        tree = _load_yaml(text)
    except _NOT_YAML as error:
        raise ConfigError(f"{path} is not valid YAML: {_one_line(error)}") from None
    if not isinstance(tree, dict):
        raise ConfigError(
            "a config is a mapping of sections", value=tree, allowed=Config.model_fields
        )
    return tree


# Tags such as `!!int x`, `!!bool x` and `!!timestamp x` fail inside PyYAML in the ways of Python's
# own types, and lists that are nested very deep end its recursion.
_NOT_YAML = (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


def _load_yaml(text: str) -> Any:
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (it is a SafeLoader)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


_DEEPEST = 50


def _plain(node: Any, path: str = "", depth: int = 0) -> Any:
    """Copy a tree so that nothing in it is shared, as YAML's aliases are.

    Raises:
        ConfigError: It has what YAML or JSON cannot write: a key that is no text, a value of
            another type, NaN or infinity, or a structure that holds itself.
    """
    if depth > _DEEPEST:
        raise ConfigError(f"nested more than {_DEEPEST} deep", path=path.partition(".")[0])
    if isinstance(node, Mapping):
        for key in node:
            if not isinstance(key, str):
                raise ConfigError("a key is text: put it in quotes", path=path, value=key)
        return {key: _plain(value, join_path(path, key), depth + 1) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_plain(value, f"{path}.{number}", depth + 1) for number, value in enumerate(node)]
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


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def _with_environment(node: Any, path: str = "") -> Any:
    """Replace `${NAME}` in every string; a string that is only a variable is read as YAML."""
    if isinstance(node, dict):
        return {key: _with_environment(value, join_path(path, key)) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_environment(value, f"{path}.{number}") for number, value in enumerate(node)]
    if not isinstance(node, str) or "${" not in node:
        return node

    def value_of(match: re.Match[str]) -> str:
        name, default = match.groups()
        value = os.environ.get(name, default)
        if value is None:
            raise ConfigError(
                f"the environment variable {name} is not set (a default: ${{{name}:-value}})",
                path=path,
            )
        return value

    text = _VARIABLE.sub(value_of, node)
    if not _VARIABLE.fullmatch(node):
        return text
    try:
        value = _load_yaml(text)
    except _NOT_YAML:
        return text
    return _plain(value, path) if isinstance(value, int | float) else text


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error.

    As in YAML 1.2, `1e-3` is a number and `2024-01-01` is text.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if key in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice", key_node.start_mark
                )
            keys.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _StrictLoader.yaml_implicit_resolvers.items()
}
