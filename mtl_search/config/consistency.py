"""What tasks of a config need together: names, roles and weights, and what refers to them."""

from __future__ import annotations

import re

from mtl_search.config.schema import Config
from mtl_search.errors import ConfigError

_LOSS_WEIGHT = re.compile(r"tasks\..+\.loss_weight")
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


def check_task_weights(config: Config) -> None:
    """Refuse tasks none of which is trained, or counts.

    Raises:
        ConfigError: All loss weights are 0 and none is searched, or so is the importance of all
            main tasks.
    """
    is_searched = any(_LOSS_WEIGHT.fullmatch(path) for path in config.search.space)
    if not is_searched and not any(task.loss_weight for task in config.tasks.values()):
        message = "nothing would be trained: the sum of all loss weights must be above 0"
        raise ConfigError(message, path="tasks.*.loss_weight", value=0)
    if not any(config.tasks[task].importance for task in config.main_tasks):
        message = "nothing would be judged: the sum over the main tasks must be above 0"
        raise ConfigError(message, path="tasks.*.importance", value=0)
