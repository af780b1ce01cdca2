"""Labels from which a task cannot learn, or by which it cannot be judged."""

from __future__ import annotations

import logging

import numpy as np

from mtl_search.config import Config
from mtl_search.data import SPLITS, DataSet
from mtl_search.data.class_counts import class_names
from mtl_search.errors import ConfigError, short

logger = logging.getLogger(__name__)

_MAX_LISTED = 5


def check_labels(config: Config, data: DataSet) -> None:
    """Refuse tasks that would fail in every trial, or learn nothing, for want of labels.

    Classes that training or validation lacks are told.

    Raises:
        ConfigError: There is such a task.
    """
    for name, task in config.tasks.items():
        target_name = task.target or name
        path = f"tasks.{name}.target"
        if only := _only_label(data, target_name):
            problem = f"there is nothing to learn, all its labels in the train split are {only}"
            raise ConfigError(problem, path=path, value=target_name)
        labelled = data.targets[target_name].labelled
        has_finalists = bool(config.search.finalists.top) and name in config.main_tasks
        for split in SPLITS if has_finalists else SPLITS[:2]:
            if not labelled[data.splits[split]].any():
                problem = f"the {split} split has no label of this target"
                if split == "test":
                    problem += ", so no finalist could be judged (none: search.finalists.top=0)"
                raise ConfigError(problem, path=path, value=target_name)
    for target in dict.fromkeys(task.target or name for name, task in config.tasks.items()):
        _tell_absent_classes(target, data)


def _only_label(data: DataSet, name: str) -> str:
    """Return the only class or number of the train samples; empty where there are several."""
    target = data.targets[name]
    if target.kind not in ("class", "binary", "real"):
        return ""
    values = target.values[data.splits["train"]]
    values = values[target.labelled[data.splits["train"]]]
    if not len(values) or values.min() != values.max():
        return ""
    if target.kind == "real":
        return f"{values[0]:g}"
    names = class_names(target)
    return short(names[values[0]]) if values[0] < len(names) else str(values[0])


def _tell_absent_classes(name: str, data: DataSet) -> None:
    """Warn of classes that a split lacks: they are not learnt, or nothing is known of them."""
    target = data.targets[name]
    if target.kind not in ("class", "binary", "multilabel"):
        return
    names = class_names(target)
    counts = {}
    for split in SPLITS:
        values = target.values[data.splits[split]]
        if target.kind == "multilabel":
            counts[split] = (values == 1).sum(axis=0)
        else:
            counts[split] = np.bincount(values[values >= 0], minlength=len(names))
    for split in SPLITS:
        lacking = [x for x, count in zip(names, counts[split], strict=False) if not count]
        if lacking:
            listed = ", ".join(map(short, lacking[:_MAX_LISTED]))
            more = len(lacking) - _MAX_LISTED
            logger.warning(
                "target %r: the %s split has no sample of %s%s (`data.stratify` spreads classes "
                "evenly)", name, split, listed, f" and {more} more" if more > 0 else "",
            )  # fmt: skip
