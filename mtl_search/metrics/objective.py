"""The one number that a trial is judged by. Higher is better, and no loss weight is in it.

With single-task references M_s of each metric, the gain of a task is the mean over its metrics of

    (-1)^[lower is better] (M - M_s) / |M_s|

and Δm is the mean of the gains over the main tasks (Maninis et al., "Attentive Single-Tasking of Multiple Tasks",
CVPR 2019, eq. 4; here as a gain, so that higher is better). `per_metric=True` weighs every metric the same instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.definitions import METRICS

Metrics = Mapping[str, float]
ObjectiveFunction = Callable[[Metrics], float]

# Below this a reference is 0 for all purposes; the plain difference is then taken instead of the relative one.
_TINY = 1e-8


def gain(metric: str, value: float, reference: float) -> float:
    """Signed relative gain of a metric over its reference; above 0 is better."""
    sign = 1.0 if METRICS[metric].higher_is_better else -1.0
    scale = abs(reference) if abs(reference) > _TINY else 1.0
    return sign * (value - reference) / scale


def task_gains(
    values: Metrics, reference: Metrics, tasks: Mapping[str, tuple[str, ...]], split: str
) -> dict[str, float]:
    """Gain of each task: the mean over its metrics.

    Args:
        values: `<split>/<task>/<metric>` of the run that is judged.
        reference: The same keys of the single-task runs, of the same split.
        tasks: Main tasks with their metrics.
        split: `val` or `test`.
    """
    return {
        task: math.fsum(
            gain(m, values[key(split, task, m)], reference[key(split, task, m)]) for m in metrics
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
    """Δm over the main tasks; the mean over tasks, or over all metrics alike."""
    gains = task_gains(values, reference, tasks, split)
    if not per_metric:
        return math.fsum(gains.values()) / len(gains)
    total = sum(len(metrics) for metrics in tasks.values())
    return math.fsum(gains[task] * len(metrics) for task, metrics in tasks.items()) / total


def key(split: str, task: str, metric: str) -> str:
    """Name of a metric in results, journals and MLflow: `val/left/accuracy`."""
    return f"{split}/{task}/{metric}"


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
        allowed += [key("val", task, name) for name in (*names, "loss")]
    if objective not in allowed:
        message = (
            "not an objective of these tasks (or 'module:attribute' of a function of the metrics)"
        )
        raise ConfigError(message, path="search.objective", value=objective, allowed=allowed)


@dataclass(frozen=True)
class Objective:
    """What the validation metrics of an epoch are worth. Plain data, so that it travels to any process.

    Attributes:
        tasks: Main tasks of the trial, each with its metrics.
        kind: `delta_m` (needs `reference`), `primary` (the only task's first metric, for single-task arms),
            `normalised` (mean over the tasks of the first metric on a scale from 0, knows nothing, to 1, perfect) or
            the key of a metric, such as `val/left/accuracy`.
        reference: `val/<task>/<metric>` of the single-task arms.
        deviations: Standard deviation of the training labels of tasks whose metrics have units.
    """

    tasks: Mapping[str, tuple[str, ...]]
    kind: str = "delta_m"
    reference: Mapping[str, float] | None = None
    deviations: Mapping[str, float] | None = None

    def __call__(self, metrics: Metrics) -> float:
        """The objective of these metrics.

        Raises:
            TrialError: A metric that it needs is not a finite number.
        """
        value = self._value(metrics)
        if not math.isfinite(value):
            wanted = [key("val", t, m) for t, names in self.tasks.items() for m in names]
            undefined = [name for name in wanted if not math.isfinite(metrics.get(name, math.nan))]
            raise TrialError(
                f"the objective {self.kind} is not a number; undefined: {', '.join(undefined) or 'none'}"
            )
        return value

    def _value(self, metrics: Metrics) -> float:
        if self.kind == "delta_m":
            assert self.reference is not None, "delta_m needs the single-task references"
            return delta_m(metrics, self.reference, self.tasks)
        if self.kind == "primary":
            ((task, names),) = self.tasks.items()
            return _signed(names[0], metrics[key("val", task, names[0])])
        if self.kind == "normalised":
            return math.fsum(
                self._normalised(task, names[0], metrics) for task, names in self.tasks.items()
            ) / len(self.tasks)
        return _signed(self.kind.rsplit("/", 1)[-1], metrics[self.kind])

    def _normalised(self, task: str, metric: str, metrics: Metrics) -> float:
        deviation = (self.deviations or {}).get(task, 1.0)
        return METRICS[metric].normalise(metrics[key("val", task, metric)], deviation)


def _signed(metric: str, value: float) -> float:
    """A loss by any name counts down, a metric in its own direction."""
    higher = metric in METRICS and METRICS[metric].higher_is_better
    return value if higher else -value
