"""Sections of `tasks` that stand for many: from a pattern to its tasks, and back for the file.

    tasks:
      "assay_*": {head: binary, metrics: auroc}     every target of this form is a task
      assay_007: {role: auxiliary}                  no head: the rest is that of its family
      assay_008: {head: binary, metrics: f1}        a head: stands by itself

A sweep's own config has the names beside the pattern (`names`), so that it needs no data.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtl_search.config.families.patterns import best_pattern, check_found, is_pattern, members
from mtl_search.config.schema import Config
from mtl_search.config.sections.task import TaskConfig
from mtl_search.errors import ConfigError

# From so many tasks in a row that are alike, they are written as one family.
_FOLDED_FROM = 8
_NAMES = "names"


def has_families(config: Config) -> bool:
    """Return whether some tasks are known only when the data are."""
    return any(map(is_pattern, config.tasks))


def with_members(config: Config, targets: Sequence[str]) -> Config:
    """Return a config with a section for each task.

    Args:
        config: The config, maybe with patterns among its tasks.
        targets: Names of the targets of its data set, among which patterns look for tasks.

    Raises:
        ConfigError: A pattern matches no target.
    """
    if not has_families(config):
        return config
    families = list(filter(is_pattern, config.tasks))
    taken = {name for name in config.tasks if not is_pattern(name)}
    taken |= {task.target for task in config.tasks.values() if task.target is not None}
    free = [name for name in targets if name not in taken]
    found = members(families, free)
    for pattern in families:
        check_found(found[pattern], pattern, f"tasks.{pattern}", "targets", free or targets)
    tasks: dict[str, TaskConfig] = {}
    for name, section in config.tasks.items():
        tasks.update(dict.fromkeys(found.get(name, [name]), section))
    expanded = config.model_copy(update={"tasks": tasks})
    expanded.set_written(dict(_written(config, found)))
    return expanded


def _written(
    config: Config, found: Mapping[str, Sequence[str]]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for place, text in config.written.items():
        if len(place) > 1 and place[0] == "tasks" and place[1] in found:
            for name in found[str(place[1])]:
                yield ("tasks", name, *place[2:]), text
        else:
            yield place, text


def with_named_members(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree of a config in which families with `names` are their tasks.

    Tasks without a head get what they do not say from the family that they belong to.

    Args:
        tree: The tree, not checked yet.

    Raises:
        ConfigError: `names` stands in a section that is no pattern, or a pattern names a target.
    """
    tasks = tree.get("tasks")
    if not isinstance(tasks, Mapping) or not any(map(is_pattern, map(str, tasks))):
        return tree
    families = {
        name: section
        for name, section in tasks.items()
        if is_pattern(name) and isinstance(section, Mapping)
    }
    expanded: dict[str, Any] = {}
    for name, section in tasks.items():
        if name in families:
            if "target" in section:
                problem = "the targets of a family are those that its pattern matches"
                raise ConfigError(problem, path=f"tasks.{name}.target", value=section["target"])
            names = section.get(_NAMES) or [name]
            if not isinstance(names, list):
                problem = "a list of names is needed"
                raise ConfigError(problem, path=f"tasks.{name}.{_NAMES}", value=names)
            for member in names:
                if member == name or member not in tasks:
                    expanded[str(member)] = _section(section)
        else:
            expanded[name] = _completed(name, section, families)
    return {**tree, "tasks": expanded}


def _completed(name: str, section: Any, families: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return the section of a task, without a head what its family says with its own changes."""
    if not isinstance(section, Mapping) or "head" in section:
        return section
    named = [key for key, family in families.items() if name in (family.get(_NAMES) or ())]
    open_ones = [key for key, family in families.items() if not family.get(_NAMES)]
    pattern = best_pattern(name, named or open_ones)
    return section if pattern is None else {**_section(families[pattern]), **section}


def _section(family: Mapping[str, Any]) -> dict[str, Any]:
    return {key: copy.deepcopy(value) for key, value in family.items() if key != _NAMES}


def folded(tasks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of tasks with each long row of equal ones as a family with names.

    `with_named_members` undoes it exactly.

    Args:
        tasks: Task → its section.
    """
    rows: list[tuple[list[str], Any]] = []
    for name, section in tasks.items():
        if rows and rows[-1][1] == section:
            rows[-1][0].append(name)
        else:
            rows.append(([name], section))
    shorter: dict[str, Any] = {}
    for names, section in rows:
        if len(names) < _FOLDED_FROM:
            shorter.update(dict.fromkeys(names, section))
        else:
            shorter[_free_pattern(names, shorter)] = {**section, _NAMES: names}
    return shorter


def _free_pattern(names: Sequence[str], used: Mapping[str, Any]) -> str:
    low, high = min(names), max(names)
    pairs = enumerate(zip(low, high, strict=False))
    same = next((place for place, (one, other) in pairs if one != other), len(low))
    pattern = low[:same] + "*"
    while pattern in used:
        pattern += "*"
    return pattern
