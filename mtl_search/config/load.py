"""From YAML, dicts and overrides to a checked `Config`, and back to YAML."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mtl_search.config import paths
from mtl_search.config.explain import translate
from mtl_search.config.schema import Config
from mtl_search.errors import ConfigError

Overrides = Mapping[str, Any] | Iterable[str]


def load_config(source: str | Path | Mapping[str, Any], overrides: Overrides = ()) -> Config:
    """Read a config.

    Args:
        source: Path of a YAML file, or the same content as a mapping.
        overrides: Dotted paths with their values, as a mapping (`{"search.trials": 20}`) or as the command line has
            them (`["search.trials=20"]`, the value read as YAML). `null` takes an entry of `search.space` out.

    Returns:
        The checked config, with `${NAME}` and `${NAME:-default}` replaced from the environment.

    Raises:
        ConfigError: Anything in it is wrong; the message names the key, the value and what is allowed.
    """
    tree = copy.deepcopy(dict(source)) if isinstance(source, Mapping) else _read_yaml(Path(source))
    for path, value in _pairs(overrides):
        paths.put(tree, path, value)
    return parse(_with_environment(tree))


def override(config: Config, overrides: Overrides) -> Config:
    """The config with some values changed, checked again."""
    return load_config(to_dict(config), overrides)


def parse(tree: Mapping[str, Any]) -> Config:
    """A plain tree as a checked `Config`; pydantic's complaints become one `ConfigError`."""
    from pydantic import ValidationError

    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise translate(error, Config) from None


def to_dict(config: Config) -> dict[str, Any]:
    """The resolved config as plain JSON types; `parse` takes it back."""
    return config.model_dump(mode="json", by_alias=True, exclude_none=True)


def to_yaml(config: Config) -> str:
    """The resolved config as YAML; `load_config` takes it back."""
    return yaml.safe_dump(to_dict(config), sort_keys=False, allow_unicode=True)


def _pairs(overrides: Overrides) -> Iterable[tuple[str, Any]]:
    if isinstance(overrides, Mapping):
        return overrides.items()
    return [_split_override(text) for text in overrides]


def _split_override(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise ConfigError("an override is written path=value, such as search.trials=20", value=text)
    try:
        return path.strip(), yaml.load(value, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"the value is not YAML: {_one_line(error)}", path=path, value=value) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except FileNotFoundError:
        found = [str(p) for p in sorted(path.parent.glob("*.y*ml"))] if path.parent.is_dir() else []
        raise ConfigError("no such config file", value=str(path), allowed=found) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the config file: {error}", value=str(path)) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {_one_line(error)}") from None
    if not isinstance(tree, dict):
        raise ConfigError("a config is a mapping of sections", value=tree, allowed=Config.model_fields)
    return tree


def _one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def _with_environment(node: Any, path: str = "") -> Any:
    """Replace `${NAME}` in every string; a string that is nothing but a variable is read as YAML (`${N}` → 3)."""
    if isinstance(node, dict):
        return {key: _with_environment(value, f"{path}.{key}" if path else str(key)) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_environment(value, f"{path}.{number}") for number, value in enumerate(node)]
    if not isinstance(node, str) or "${" not in node:
        return node

    def value_of(match: re.Match[str]) -> str:
        name, default = match.groups()
        value = os.environ.get(name, default)
        if value is None:
            raise ConfigError(f"the environment variable {name} is not set (a default: ${{{name}:-value}})", path=path)
        return value

    text = _VARIABLE.sub(value_of, node)
    if not _VARIABLE.fullmatch(node):
        return text
    try:
        value = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, int | float | bool) else text


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error and `1e-3` is a number, as YAML 1.2 says."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)
