"""From YAML, dicts and overrides to a checked `Config`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mtl_search.config import paths
from mtl_search.config.environment import Expansion
from mtl_search.config.families.tasks import with_named_members
from mtl_search.config.reading.text import read_text
from mtl_search.config.renamed_keys import refuse_old_names, refuse_old_path, with_new_names
from mtl_search.config.schema import Config
from mtl_search.config.stored import (
    FORMAT,
    FORMAT_KEY,
    parse,
    parse_like,
    plain,
    to_dict,
    with_expanded,
)
from mtl_search.config.strict_yaml import NOT_YAML, load_yaml
from mtl_search.errors import ConfigError

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
    tree: dict[str, Any] = plain(
        source if isinstance(source, Mapping) else _read_yaml(Path(source))
    )
    _check_format(tree)
    is_sweep = not isinstance(source, Mapping) and Path(source).with_name(_JOURNAL).exists()
    if is_sweep:
        tree = with_new_names(tree)  # a sweep, maybe of an earlier version, has written it
    tasks = _tasks_of(tree)
    for path, value in _pairs(overrides):
        paths.put(tree, path, plain(value, path))
        refuse_old_path(path)
    refuse_old_names(tree)
    _refuse_misspelt_tasks(tree, tasks)
    tree = with_named_members(tree)
    # A sweep is read where its variables are not set, too; its data may not be there either.
    expansion = Expansion(lenient=is_sweep)
    return with_expanded(parse(plain(expansion.expand(tree))), expansion)


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
    tree = to_dict(config)
    expansion = Expansion()
    tasks = _tasks_of(tree)
    for path, value in _pairs(overrides):
        keys = tuple(paths.split(path)) if isinstance(path, str) else ()
        paths.put(tree, path, expansion.expand(plain(value, path), keys))
        refuse_old_path(path)
    refuse_old_names(tree)
    _refuse_misspelt_tasks(tree, tasks)
    tree = with_named_members(tree)
    return with_expanded(parse_like(config, tree), expansion)


def _tasks_of(tree: Mapping[str, Any]) -> tuple[str, ...]:
    tasks = tree.get("tasks")
    return tuple(map(str, tasks)) if isinstance(tasks, Mapping) else ()


def _refuse_misspelt_tasks(tree: Mapping[str, Any], before: Sequence[str]) -> None:
    """Refuse a task that overrides have made in passing: it names no head, as a new one must.

    Raises:
        ConfigError: There is such a task; the message has the nearest name.
    """
    for name in _tasks_of(tree):
        task = tree["tasks"].get(name)  # a key that is no text is refused elsewhere
        is_new = before and not any(fnmatchcase(name, known) for known in before)
        if is_new and isinstance(task, Mapping) and not _names_head(task):
            raise ConfigError(
                "there is no task of this name (a new one needs a head)",
                path=f"tasks.{name}",
                value=name,
                allowed=before,
            )


def _names_head(task: Mapping[str, Any]) -> bool:
    head = task.get("head")
    return "name" in head if isinstance(head, Mapping) else head is not None


def _check_format(tree: dict[str, Any]) -> None:
    """Take the number of the layout out of a config, and refuse one of a later version.

    Raises:
        ConfigError: This version cannot read it.
    """
    number = tree.pop(FORMAT_KEY, FORMAT)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ConfigError("a whole number is needed", path=FORMAT_KEY, value=number)
    if number > FORMAT:
        raise ConfigError(
            "a later version of mtl_search has written this config, and this one reads formats up "
            f"to {FORMAT}: a later version is needed",
            path=FORMAT_KEY,
            value=number,
        )


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
        return path, load_yaml(value)
    except NOT_YAML as error:
        raise ConfigError(
            f"the value is not YAML: {_one_line(error)}", path=path, value=value
        ) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    text = read_text(path)
    try:
        tree = load_yaml(text)
    except NOT_YAML as error:
        raise ConfigError(f"{path} is not valid YAML: {_one_line(error)}") from None
    if not isinstance(tree, dict):
        raise ConfigError(
            f"{path}: a config is a mapping of sections", value=tree, allowed=Config.model_fields
        )
    return tree


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()).replace('in "<unicode string>", ', "in ")
    if "'\\t' that cannot start any token" in text:
        text += " (indent by blanks and not by tabs)"
    return text or type(error).__name__
