"""Names that sections of a config share: tasks, their roles, and what refers to them."""

from __future__ import annotations

import re

from mtl_search.config.schema import Config
from mtl_search.errors import ConfigError

_TASK_NAME = re.compile(r"\w([\w -]*\w)?")


def check_task_names(config: Config) -> None:
    """Check the names of tasks, and those that other sections refer to.

    Raises:
        ConfigError: There is no main task, a name cannot be part of a dotted path, or a learning
            rate is set for a task that does not exist.
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
