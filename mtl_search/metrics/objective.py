"""The one number that a trial is judged by. Higher is better, and no loss weight is in it.

With single-task references M_s of each metric, the gain of a task is the mean over its metrics of

    (-1)^[lower is better] (M - M_s) / |M_s|

and Δm is the mean of the gains over the main tasks (Maninis et al., "Attentive Single-Tasking of
Multiple Tasks", CVPR 2019, eq. 4; here as a gain, so that higher is better). `per_metric=True`
weighs every metric the same instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.metric_key import metric_key

Metrics = Mapping[str, float]
ObjectiveFunction = Callable[[Metrics], float]

# A smaller reference counts as 0, and the difference is then absolute instead of relative.
_TINY = 1e-8


def gain(metric: str, value: float, reference: float) -> float:
    """Return the relative gain of a metric over its reference; above 0 is better.

    Examples:
        >>> gain("rmse", 1.5, reference=2.0)
        0.25
    """
    sign = 1.0 if METRICS[metric].higher_is_better else -1.0
    scale = abs(reference) if abs(reference) > _TINY else 1.0
    return sign * (value - reference) / scale


def task_gains(
    values: Metrics, reference: Metrics, tasks: Mapping[str, tuple[str, ...]], split: str
) -> dict[str, float]:
    """Return the gain of each task: the mean over its metrics.

    Args:
        values: `<split>/<task>/<metric>` → value, of the run that is judged.
        reference: The values of the single-task runs under the same keys.
        tasks: Main task → its metrics.
        split: `val` or `test`.
    """
    return {
        task: math.fsum(
            gain(m, values[metric_key(split, task, m)], reference[metric_key(split, task, m)])
            for m in metrics
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
) -> float:
    """Return Δm over the main tasks.

    Args:
        values: `<split>/<task>/<metric>` → value, of the run that is judged.
        reference: The values of the single-task runs under the same keys.
        tasks: Main task → its metrics.
        split: `val` or `test`.
        per_metric: Whether every metric weighs the same, instead of every task.

    Examples:
        >>> reference = {"val/a/accuracy": 0.5, "val/b/accuracy": 0.8}
        >>> values = {"val/a/accuracy": 0.6, "val/b/accuracy": 0.8}
        >>> round(delta_m(values, reference, {"a": ("accuracy",), "b": ("accuracy",)}), 3)
        0.1
    """
    gains = task_gains(values, reference, tasks, split)
    if not per_metric:
        return math.fsum(gains.values()) / len(gains)
    total = sum(len(metrics) for metrics in tasks.values())
    return math.fsum(gains[task] * len(metrics) for task, metrics in tasks.items()) / total


def check_objective(objective: str, metrics: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse an objective that the tasks do not have.

    Args:
        objective: The value of `search.objective`, which is no `module:attribute`.
        metrics: Task → names of its metrics.

    Raises:
        ConfigError: It is neither Δm nor a validation metric or loss of a task.
    """
    allowed = ["delta_m"]
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
        kind: `delta_m` (needs `reference`), `primary` (the only task's first metric, for
            single-task arms), `normalised` (the mean over the tasks of the first metric on a scale
            from 0, knows nothing, to 1, perfect) or the key of a metric, such as
            `val/left/accuracy`.
        reference: `val/<task>/<metric>` → value of the single-task arms.
        deviations: Task → standard deviation of its training labels, for tasks whose metrics have
            units.

    Examples:
        >>> objective = Objective({"left": ("accuracy",)}, kind="primary")
        >>> objective({"val/left/accuracy": 0.9})
        0.9
    """

    tasks: Mapping[str, tuple[str, ...]]
    kind: str = "delta_m"
    reference: Mapping[str, float] | None = None
    deviations: Mapping[str, float] | None = None

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
            return delta_m(metrics, self.reference, self.tasks)
        if self.kind == "primary":
            ((task, names),) = self.tasks.items()
            return _signed(names[0], metrics[metric_key("val", task, names[0])])
        if self.kind == "normalised":
            scores = [
                self._normalised(task, names[0], metrics) for task, names in self.tasks.items()
            ]
            return math.fsum(scores) / len(scores)
        return _signed(self.kind.rsplit("/", 1)[-1], metrics[self.kind])

    def _normalised(self, task: str, metric: str, metrics: Metrics) -> float:
        deviation = (self.deviations or {}).get(task, 1.0)
        return METRICS[metric].normalise(metrics[metric_key("val", task, metric)], deviation)


def _signed(metric: str, value: float) -> float:
    """Return the value so that higher is better; what is not a metric is a loss."""
    higher = metric in METRICS and METRICS[metric].higher_is_better
    return value if higher else -value
