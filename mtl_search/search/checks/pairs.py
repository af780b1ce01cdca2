"""Measures of pairs of tasks, of which hundreds of tasks have too many."""

from __future__ import annotations

from mtl_search.config import Config
from mtl_search.errors import ConfigError

# 100 tasks have 4,950 pairs. Cosines take a backward pass for each task on each step measured.
MOST_TASKS = 100


def check_pair_measures(config: Config) -> None:
    """Refuse cosines of gradients and affinities with more tasks than they can be measured of.

    Args:
        config: The sweep's config.

    Raises:
        ConfigError: One of them is asked for, and there are too many tasks.
    """
    count = len(config.tasks)
    if count <= MOST_TASKS:
        return
    for name in ("gradient_conflict", "task_affinity"):
        if getattr(config.report, name):
            raise ConfigError(
                f"this measures pairs of tasks, and the {count} tasks have "
                f"{count * (count - 1) // 2:,} of them: set it to false, or take at most "
                f"{MOST_TASKS} tasks",
                path=f"report.{name}",
                value=True,
            )
