"""The scales of a sweep's metrics, from what a constant prediction reaches to perfection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mtl_search.config import Config
from mtl_search.data import SPLITS, DataSet
from mtl_search.data.dataset import Target
from mtl_search.errors import ConfigError, listed
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.metric_key import scale_key
from mtl_search.metrics.own import OwnMetric
from mtl_search.metrics.skill import SkillScale
from mtl_search.metrics.trivial import trivial_value
from mtl_search.metrics.undefined import why_undefined


@dataclass(frozen=True)
class SweepScales:
    """Scales of the metrics of all tasks, auxiliary ones included.

    Attributes:
        values: `<task>/<metric>` → trivial and perfect value.
        excluded: `<task>/<metric>` → why it has no scale, in words.
        directions: Metric of the user's → whether a higher value is better.
        undefined: `<task>/<metric>` → why the validation labels leave it undefined, in words.
    """

    values: dict[str, tuple[float, float]] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    directions: dict[str, bool] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)


def metric_scales(
    config: Config,
    data: DataSet,
    metrics: Mapping[str, tuple[str, ...]],
    own: Mapping[str, OwnMetric] | None = None,
) -> SweepScales:
    """Return the scale of each metric, from the training labels.

    A metric is excluded, and so has no scale, where the labels of a split leave it undefined or
    where a constant prediction is perfect on the training labels. The test split counts where there
    are finalists. A task whose first metric is excluded has no skill.

    Args:
        config: The sweep's config.
        data: Its data set.
        metrics: Task → names of its metrics, the first selects.
        own: The metrics of the user's, by name.

    Raises:
        ConfigError: No main task that counts is left.
    """
    own = own or {}
    scales = SweepScales(directions={name: m.higher_is_better for name, m in own.items()})
    for task, names in metrics.items():
        target = data.targets[config.tasks[task].target or task]
        for name in names:
            key = scale_key(task, name)
            metric = own.get(name, name)
            reason = _why_excluded(metric, target, data, has_test=config.search.finalists.top > 0)
            if reason:
                scales.excluded[key] = reason
                if reason.endswith("in the validation split"):
                    scales.undefined[key] = reason
            else:
                scale = _scale(metric, target, data)
                scales.values[key] = (scale.trivial, scale.perfect)
    _check_main_tasks(config, metrics, scales)
    return scales


def tasks_without_skill(
    config: Config, metrics: Mapping[str, tuple[str, ...]], scales: SweepScales
) -> dict[str, str]:
    """Return the main tasks whose first metric is excluded, with the reason.

    Args:
        config: The sweep's config.
        metrics: Task → names of its metrics.
        scales: The scales of these metrics.
    """
    first = {task: scale_key(task, metrics[task][0]) for task in config.main_tasks}
    return {task: scales.excluded[key] for task, key in first.items() if key in scales.excluded}


def left_out(
    config: Config, metrics: Mapping[str, tuple[str, ...]], scales: SweepScales
) -> list[str]:
    """Return a sentence for each metric that is left out, those first that take their task along.

    Several tasks that lack a metric for one reason have one sentence.

    Args:
        config: The sweep's config.
        metrics: Task → names of its metrics, the first selects.
        scales: The scales of these metrics.
    """
    without_skill = tasks_without_skill(config, metrics, scales)
    firsts = {(task, metrics[task][0]): reason for task, reason in without_skill.items()}
    sentences = []
    for (metric, reason), tasks in _by_reason(firsts).items():
        take = "takes" if len(tasks) == 1 else "take"
        sentences.append(
            f"{_named(tasks)} {take} no part in objective and verdict: {metric} is left out, since "
            f"{reason} (another first metric at tasks.{tasks[0]}.metrics, or another split, mends "
            "it)"
        )
    told = {scale_key(*first) for first in firsts}
    others = {
        (key.rpartition("/")[0], key.rpartition("/")[2]): reason
        for key, reason in scales.excluded.items()
        if key not in told
    }
    for (metric, reason), tasks in _by_reason(others).items():
        sentences.append(f"{metric} of {_named(tasks)} is left out, since {reason}")
    return sentences


def _by_reason(
    excluded: Mapping[tuple[str, str], str],
) -> dict[tuple[str, str], list[str]]:
    """Return (metric, reason) → tasks, from (task, metric) → reason."""
    tasks: dict[tuple[str, str], list[str]] = {}
    for (task, metric), reason in excluded.items():
        tasks.setdefault((metric, reason), []).append(task)
    return tasks


def _named(tasks: Sequence[str]) -> str:
    if len(tasks) == 1:
        return f"task {tasks[0]!r}"
    return f"{len(tasks)} tasks ({listed(tasks, length=60)})"


def _why_excluded(metric: str | OwnMetric, target: Target, data: DataSet, *, has_test: bool) -> str:
    """Return the reason in words; empty where the metric has a scale."""
    for split in SPLITS if has_test else SPLITS[:2]:
        labels = target.values[data.splits[split]]
        reason = why_undefined(metric, labels, target.kind, target.size, target.classes)
        if reason:
            return f"{reason} in the {split} split"
    if not _scale(metric, target, data).has_range:
        return _why_no_range(metric)
    return ""


def _why_no_range(metric: str | OwnMetric) -> str:
    if metric == "calibration_error":
        return "a constant prediction is perfectly calibrated, so it has no skill of its own"
    if isinstance(metric, OwnMetric):
        return "a constant prediction of the train split is as good as a perfect one, or undefined"
    return "a constant prediction is perfect: all labels of the train split are alike"


def _scale(metric: str | OwnMetric, target: Target, data: DataSet) -> SkillScale:
    labels = target.values[data.splits["train"]]
    trivial = trivial_value(metric, labels, target.kind, target.size, target.classes)
    if isinstance(metric, OwnMetric):
        return SkillScale(trivial, metric.perfect_value(labels, target.kind, target.size))
    return SkillScale(trivial, METRICS[metric].perfect)


def _check_main_tasks(
    config: Config, metrics: Mapping[str, tuple[str, ...]], scales: SweepScales
) -> None:
    excluded = tasks_without_skill(config, metrics, scales)
    counted = [task for task in config.main_tasks if task not in excluded]
    if not counted:
        task = config.main_tasks[0]
        problem = "the first metric of every main task is excluded, so nothing could be judged"
        firsts = {(name, metrics[name][0]): reason for name, reason in excluded.items()}
        reasons = "".join(
            f"\n  {listed(names, length=60)}: {metric}, {reason}"
            for (metric, reason), names in _by_reason(firsts).items()
        )
        raise ConfigError(
            f"{problem}; other metrics may be defined{reasons}",
            path=f"tasks.{task}.metrics",
            value=list(metrics[task]),
        )
    if not any(config.tasks[task].importance for task in counted):
        raise ConfigError(
            "at least one main task that has a skill must count",
            path=f"tasks.{counted[0]}.importance",
            value=config.tasks[counted[0]].importance,
        )
