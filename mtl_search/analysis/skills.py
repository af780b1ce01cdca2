"""Skill of tasks and of their mean, and Δm, from metrics in the journal; NaN where not known.

    skill = (metric − trivial) / (perfect − trivial)

See `metrics.skill` for its source. A task counts by its first metric, and in the mean by its
importance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from mtl_search.analysis.references import Tasks
from mtl_search.config import Config
from mtl_search.metrics import objective
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.metrics.skill import SkillScale
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


def task_skill(record: SweepRecord, task: str, metric: str, value: float | None) -> float:
    """Return the skill of a value; NaN where the value or the scale of its metric is not known.

    Args:
        record: The sweep's record, with the scales.
        task: The task.
        metric: One of its metrics.
        value: The value of this metric.

    Examples:
        >>> record = SweepRecord(scales={"left/accuracy": (0.5, 1.0)})
        >>> task_skill(record, "left", "accuracy", 0.75)
        0.5
    """
    scale = record.scales.get(scale_key(task, metric))
    if scale is None or value is None:
        return math.nan
    return SkillScale(*scale).skill(value)


def mean_skill(
    record: SweepRecord, config: Config, tasks: Tasks, metrics: Mapping[str, float], split: str
) -> float:
    """Return the mean skill of tasks, weighted by their importance.

    A task whose first metric has no scale is left out, as it is by the objective.

    Args:
        record: The sweep's record, with the scales.
        config: Its config, with the importance of tasks.
        tasks: Tasks with their metrics.
        metrics: `<split>/<task>/<metric>` → value.
        split: `val` or `test`.

    Returns:
        The mean; NaN where no task has a scale, or a value is missing.
    """
    importance = {task: config.tasks[task].importance for task in tasks}
    counted = [t for t, names in tasks.items() if names and scale_key(t, names[0]) in record.scales]
    if len(counted) == 1:
        importance = {}  # a single task counts, whatever its importance
    return objective.mean_skill(metrics, record.scales, tasks, split, importance=importance)


def known_delta_m(
    metrics: Mapping[str, float],
    reference: Mapping[str, float],
    tasks: Tasks,
    split: str,
    *,
    importance: Mapping[str, float] | None = None,
    record: SweepRecord | None = None,
) -> float:
    """Return Δm over tasks; NaN where there is no metric, or a value or its reference is missing.

    Args:
        metrics: `<split>/<task>/<metric>` → value.
        reference: The values of the single-task networks under the same keys.
        tasks: Tasks with their metrics.
        split: `val` or `test`.
        importance: Task → how much it counts; None: all alike.
        record: The sweep's record, with the scales of the metrics and the user's directions.

    Examples:
        >>> tasks = {"left": ("accuracy",)}
        >>> known_delta_m({"val/left/accuracy": 0.75}, {"val/left/accuracy": 0.5}, tasks, "val")
        0.5
        >>> known_delta_m({"val/left/accuracy": 0.75}, {}, tasks, "val")
        nan
    """
    keys = [metric_key(split, task, metric) for task, names in tasks.items() for metric in names]
    if not keys or not all(key in metrics and key in reference for key in keys):
        return math.nan
    known = record or SweepRecord()
    return objective.delta_m(
        metrics,
        reference,
        tasks,
        split,
        importance=importance,
        scales=known.scales,
        directions=known.directions,
    )


def tasks_of(trial: TrialRecord, tasks: Tasks) -> Tasks:
    """Return the main tasks that a trial is judged by: its own task, or all."""
    if trial.arm.is_single and trial.arm.task is not None:
        return {trial.arm.task: tasks.get(trial.arm.task, ())}
    return tasks
