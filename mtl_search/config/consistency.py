"""Names that sections of a config share: tasks, their roles, and what refers to them."""

from __future__ import annotations

import re

from mtl_search.config.schema import Config
from mtl_search.errors import ConfigError

_TASK_NAME = re.compile(r"\w([\w -]*\w)?")


def check_task_names(config: Config) -> None:
    """Refuse a config without a main task, with a task's name that cannot be part of a path, or
    with learning rates for tasks that it does not have.

    Raises:
        ConfigError: The first of these that is found.
    """
    if not config.main_tasks:
        raise ConfigError("at least one task must have the role main", path="tasks")
    for task in config.tasks:
        if not _TASK_NAME.fullmatch(task):
            message = (
                "a task's name is part of dotted paths, metrics and folders: "
                "letters, digits, _, - and inner spaces"
            )
            raise ConfigError(message, path="tasks", value=task)
    for task in config.training.lr_multipliers.tasks:
        if task not in config.tasks:
            path = "training.lr_multipliers.tasks"
            message = "there is no task of this name"
            raise ConfigError(message, path=path, value=task, allowed=config.tasks)
