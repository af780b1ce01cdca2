"""The one number that a trial is judged by. Higher is better, and no loss weight is in it.

By default it is the mean skill of the main tasks: each task's first metric between that of a
constant prediction (0) and that of a perfect one (1), see `mtl_search.metrics.skill`. It needs no
reference and is bounded, so that no task rules the mean.

Δm is the relative gain over single-task networks. With references M_s of each metric, the gain of a
task is the mean over its metrics of

    (-1)^[lower is better] (M - M_s) / |M_s|

and Δm is the mean of the gains over the main tasks (Maninis et al., "Attentive Single-Tasking of
Multiple Tasks", CVPR 2019, eq. 4; here as a gain, so that higher is better). Where |M_s| is about
0, the metric's range takes its place. `per_metric=True` weighs every metric the same instead. In
both a task may count more than another: `importance`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.definitions import METRICS, Directions, is_higher_better
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.metrics.skill import SkillScale

Metrics = Mapping[str, float]
Scales = Mapping[str, Sequence[float]]
ObjectiveFunction = Callable[[Metrics], float]

# A reference that is a smaller part of the metric's range counts as 0: it is noise, and gains by it
# could be thousands of percent.
_LEAST_REFERENCE = 0.01

# As small a reference counts as 0 where the range of the metric is not known.
_TINY = 1e-8


def gain(
    metric: str,
    value: float,
    reference: float,
    *,
    scale: Sequence[float] | None = None,
    directions: Directions | None = None,
) -> float:
    """Return the relative gain of a metric over its reference; above 0 is better.

    Where the reference is about 0, the gain is relative to the metric's range from a constant to a
    perfect prediction, and so a gain in skill.

    Args:
        metric: The metric's name.
        value: Its value.
        reference: What it is compared with.
        scale: Trivial and perfect value of the metric; None where they are not known.
        directions: The metrics of the user's, with their direction.

    Examples:
        >>> gain("rmse", 1.5, reference=2.0)
        0.25
        >>> round(gain("r2", 0.005, reference=0.0006, scale=(0.0, 1.0)), 4)
        0.0044
    """
    sign = 1.0 if is_higher_better(metric, directions) else -1.0
    return sign * (value - reference) / gain_unit(reference, scale)


def gain_unit(reference: float, scale: Sequence[float] | None) -> float:
    """Return the difference that a gain of 100 % stands for; above 0.

    Args:
        reference: What a metric is compared with.
        scale: Trivial and perfect value of the metric; None where they are not known.
    """
    if scale is not None:
        span = abs(scale[1] - scale[0])
        return abs(reference) if abs(reference) >= _LEAST_REFERENCE * span else span
    return abs(reference) if abs(reference) > _TINY else 1.0


def task_gains(
    values: Metrics,
    reference: Metrics,
    tasks: Mapping[str, tuple[str, ...]],
    split: str,
    *,
    scales: Scales | None = None,
    directions: Directions | None = None,
) -> dict[str, float]:
    """Return the gain of each task: the mean over its metrics.

    Args:
        values: `<split>/<task>/<metric>` → value, of the run that is judged.
        reference: The values of the single-task runs under the same keys.
        tasks: Main task → its metrics.
        split: `val` or `test`.
        scales: `<task>/<metric>` → trivial and perfect value, as far as they are known.
        directions: The metrics of the user's, with their direction.
    """
    return {
        task: math.fsum(
            gain(
                m,
                values[key],
                reference[key],
                scale=(scales or {}).get(scale_key(task, m)),
                directions=directions,
            )
            for m in metrics
            for key in [metric_key(split, task, m)]
        )
        / len(metrics)
        for task, metrics in tasks.items()
    }


def delta_m(
    values: Metrics,
    reference: Metrics,
    tasks: Mapping[str, tuple[str, ...]],
    split: str = "val",
    *,
    per_metric: bool = False,
    importance: Mapping[str, float] | None = None,
    scales: Scales | None = None,
    directions: Directions | None = None,
) -> float:
    """Return Δm over the main tasks.

    Args:
        values: `<split>/<task>/<metric>` → value, of the run that is judged.
        reference: The values of the single-task runs under the same keys.
        tasks: Main task → its metrics.
        split: `val` or `test`.
        per_metric: Whether every metric weighs the same, instead of every task.
        importance: Task → how much it counts, or each of its metrics; 1 where left out.
        scales: `<task>/<metric>` → trivial and perfect value, as far as they are known.
        directions: The metrics of the user's, with their direction.

    Examples:
        >>> reference = {"val/a/accuracy": 0.5, "val/b/accuracy": 0.8}
        >>> values = {"val/a/accuracy": 0.6, "val/b/accuracy": 0.8}
        >>> round(delta_m(values, reference, {"a": ("accuracy",), "b": ("accuracy",)}), 3)
        0.1
    """
    gains = task_gains(values, reference, tasks, split, scales=scales, directions=directions)
    counted = {task: _importance(importance, task) for task in tasks}
    if per_metric:
        counted = {task: weight * len(tasks[task]) for task, weight in counted.items()}
    return _weighted_mean(gains, counted)


def mean_skill(
    values: Metrics,
    scales: Mapping[str, Sequence[float]],
    tasks: Mapping[str, tuple[str, ...]],
    split: str = "val",
    *,
    importance: Mapping[str, float] | None = None,
) -> float:
    """Return the mean skill of tasks by their first metrics (see `metrics.skill`).

    A task whose first metric has no scale is left out.

    Args:
        values: `<split>/<task>/<metric>` → value.
        scales: `<task>/<metric>` → trivial and perfect value.
        tasks: Task → its metrics.
        split: `val` or `test`.
        importance: Task → how much it counts; 1 where left out.

    Returns:
        The mean; NaN where no task counts, or the value of one that does is not known.

    Examples:
        >>> scales = {"a/accuracy": (0.5, 1.0), "b/accuracy": (0.5, 1.0)}
        >>> values = {"val/a/accuracy": 0.75, "val/b/accuracy": 1.0}
        >>> mean_skill(values, scales, {"a": ("accuracy",), "b": ("accuracy",)})
        0.75
    """
    skills = {}
    for task, names in tasks.items():
        scale = scales.get(scale_key(task, names[0])) if names else None
        if scale is not None:
            value = values.get(metric_key(split, task, names[0]), math.nan)
            skills[task] = SkillScale(*scale).skill(value)
    return _weighted_mean(skills, {task: _importance(importance, task) for task in skills})


def _importance(importance: Mapping[str, float] | None, task: str) -> float:
    return 1.0 if importance is None else importance.get(task, 1.0)


def _weighted_mean(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the mean over the tasks; NaN where no task counts."""
    total = math.fsum(weights[task] for task in values)
    if total == 0:
        return math.nan
    # A value of a task that does not count may be NaN.
    counted = [weights[task] * value for task, value in values.items() if weights[task]]
    return math.fsum(counted) / total


def check_objective(objective: str, metrics: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse an objective that the tasks do not have.

    Args:
        objective: The value of `search.objective`, which is no `module:attribute`.
        metrics: Task → names of its metrics.

    Raises:
        ConfigError: It is neither skill nor Δm nor a validation metric or loss of a task.
    """
    allowed = ["skill", "delta_m"]
    for task, names in metrics.items():
        allowed += [metric_key("val", task, name) for name in (*names, "loss")]
    if objective not in allowed:
        message = (
            "not an objective of these tasks (or 'module:attribute' of a function of the metrics)"
        )
        raise ConfigError(message, path="search.objective", value=objective, allowed=allowed)


@dataclass(frozen=True)
class Objective:
    """The number that the validation metrics of an epoch are reduced to.

    It is plain data, so that it can be sent to any process.

    Attributes:
        tasks: Main task of the trial → its metrics.
        kind: `skill` (needs `scales`: the mean skill of the tasks by their first metrics),
            `delta_m` (needs `reference`), `primary` (the only task's first metric, for single-task
            arms) or the key of a metric, such as `val/left/accuracy`.
        reference: `val/<task>/<metric>` → value of the single-task arms.
        scales: `<task>/<metric>` → trivial and perfect value. A task whose first metric has none is
            left out of the skill.
        importance: Task → how much it counts in skill and Δm; 1 where left out.
        scales: `<task>/<metric>` → trivial and perfect value, as far as they are known.
        directions: The metrics of the user's, with their direction.

    Examples:
        >>> objective = Objective({"left": ("accuracy",)}, kind="primary")
        >>> objective({"val/left/accuracy": 0.9})
        0.9
        >>> objective = Objective({"left": ("accuracy",)}, scales={"left/accuracy": (0.8, 1.0)})
        >>> round(objective({"val/left/accuracy": 0.9}), 3)
        0.5
    """

    tasks: Mapping[str, tuple[str, ...]]
    kind: str = "skill"
    reference: Mapping[str, float] | None = None
    scales: Mapping[str, Sequence[float]] | None = None
    importance: Mapping[str, float] | None = None
    directions: Directions | None = None

    def __call__(self, metrics: Metrics) -> float:
        """Return the objective of these metrics.

        Raises:
            TrialError: A metric that it needs is not a finite number.
        """
        value = self._value(metrics)
        if not math.isfinite(value):
            wanted = [metric_key("val", t, m) for t, names in self.tasks.items() for m in names]
            undefined = [name for name in wanted if not math.isfinite(metrics.get(name, math.nan))]
            raise TrialError(
                f"the objective {self.kind} is not a number; "
                f"undefined: {', '.join(undefined) or 'none'}"
            )
        return value

    def _value(self, metrics: Metrics) -> float:
        if self.kind == "delta_m":
            assert self.reference is not None, "delta_m needs the single-task references"
            return delta_m(
                metrics,
                self.reference,
                self.tasks,
                importance=self.importance,
                scales=self.scales,
                directions=self.directions,
            )
        if self.kind == "primary":
            ((task, names),) = self.tasks.items()
            return self._signed(names[0], metrics[metric_key("val", task, names[0])])
        if self.kind == "skill":
            assert self.scales is not None, "skill needs the scales of the metrics"
            return mean_skill(metrics, self.scales, self.tasks, importance=self.importance)
        return self._signed(self.kind.rsplit("/", 1)[-1], metrics[self.kind])

    def _signed(self, metric: str, value: float) -> float:
        """Return the value so that higher is better; what is not a metric is a loss."""
        is_loss = metric not in METRICS and metric not in (self.directions or {})
        return value if not is_loss and is_higher_better(metric, self.directions) else -value
