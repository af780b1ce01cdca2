"""What networks are compared by: mean skill, or Δm, each linear in the metrics.

A metric M counts as (M − offset) · factor. For the skill the offset is the metric's trivial value
and the factor 1 / (perfect − trivial); for Δm the offset is the reference, and the factor its
inverse with the sign of the better direction (see `metrics.objective`). So where M is a mean over
test items the measure is one, too, which its interval needs.

N test items
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mtl_search.analysis import formats
from mtl_search.analysis.references import Tasks
from mtl_search.config import Config
from mtl_search.metrics.definitions import Directions, is_higher_better
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.metrics.objective import Scales, gain_unit
from mtl_search.metrics.skill import LOWEST
from mtl_search.storage.records import SweepRecord

MeasureName = Literal["skill", "delta_m"]
Array = npt.NDArray[np.float64]

# Name and unit of 100 times a gain, in words.
_WORDS: dict[MeasureName, tuple[str, str]] = {"skill": ("skill", "points"), "delta_m": ("Δm", "%")}


def unit_of(measure: MeasureName) -> str:
    """Return the unit in which 100 times a gain is told: `points` or `%`."""
    return _WORDS[measure][1]


def gain_in_words(measure: MeasureName, gain: float) -> str:
    """Return a gain with the name and the unit of its measure.

    Examples:
        >>> gain_in_words("skill", 0.018)
        'skill +1.8 points'
    """
    name, unit = _WORDS[measure]
    return f"{name} {formats.signed(100 * gain, 1)} {unit}"


@dataclass(frozen=True)
class LinearScale:
    """Turn a metric into its part of the measure.

    Attributes:
        metric: Name of the metric.
        offset: Value that counts as 0.
        factor: What a unit of the metric is worth.
    """

    metric: str
    offset: float
    factor: float


@dataclass(frozen=True)
class Measure:
    """Measure networks by their test metrics.

    Attributes:
        name: `skill`, or `delta_m`.
        scales: Main task → its metrics that count, with their scales.
        weights: Main task → its part of the mean; they sum to 1.
        lowest: Least value of a task, if there is one; a network that is far worse than a constant
            prediction does not decide the mean of all tasks.
        metric_scales: `<task>/<metric>` → trivial and perfect value of all metrics, for Δm.
        directions: The metrics of the user's, with their direction.
    """

    name: MeasureName
    scales: Mapping[str, tuple[LinearScale, ...]]
    weights: Mapping[str, float] = field(default_factory=dict)
    lowest: float | None = None
    metric_scales: Scales = field(default_factory=dict)
    directions: Directions = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that count."""
        return tuple(self.scales)

    def task_value(self, task: str, test: Mapping[str, float]) -> float:
        """Return the value of one task.

        Args:
            task: The task.
            test: `test/<task>/<metric>` → value.
        """
        value = math.fsum(
            (test[metric_key("test", task, scale.metric)] - scale.offset) * scale.factor
            for scale in self.scales[task]
        )
        return value if self.lowest is None else max(self.lowest, value)

    def value(self, test: Mapping[str, float]) -> float:
        """Return the mean over the tasks."""
        return math.fsum(self.weights[t] * self.task_value(t, test) for t in self.scales)

    def task_items(
        self, task: str, test: Mapping[str, float], items: Mapping[str, npt.NDArray[Any]]
    ) -> Array | None:
        """Return the value of one task by test item (N,), whose mean is `task_value`.

        Args:
            task: The task.
            test: `test/<task>/<metric>` → value.
            items: `<task>/<metric>` → the metric by test item (N,).

        Returns:
            The values; None where the items of a metric are not known.
        """
        total: Array | None = None
        for scale in self.scales[task]:
            metric_N = items.get(scale_key(task, scale.metric))
            if metric_N is None:
                return None
            value_N = (metric_N.astype(np.float64) - scale.offset) * scale.factor
            total = value_N if total is None else total + value_N
        if total is None:
            return None
        # Rounding of the stored items, and the lowest value, shift all items alike.
        return total + (self.task_value(task, test) - float(total.mean()))


def skill_measure(record: SweepRecord, config: Config, tasks: Tasks) -> Measure | None:
    """Return the mean skill of a sweep's main tasks; None where no scale is known.

    Args:
        record: The sweep's record.
        config: Its config.
        tasks: Main tasks with their metrics, the first of which counts.
    """
    scales = {}
    for task, metrics in tasks.items():
        known = record.scales.get(scale_key(task, metrics[0])) if metrics else None
        if known is not None:
            trivial, perfect = known
            scales[task] = (LinearScale(metrics[0], trivial, 1.0 / (perfect - trivial)),)
    if not scales:
        return None
    importance = {task: config.tasks[task].importance for task in scales}
    weights = _normalised(importance)
    return Measure("skill", scales, weights, LOWEST, record.scales, record.directions)


def delta_m_measure(
    tasks: Tasks,
    reference: Mapping[str, float],
    importance: Mapping[str, float],
    *,
    metric_scales: Scales | None = None,
    directions: Directions | None = None,
) -> Measure:
    """Return Δm against test metrics of a reference.

    Args:
        tasks: Main tasks with their metrics, all of which count.
        reference: `test/<task>/<metric>` → value.
        importance: Main task → its importance.
        metric_scales: `<task>/<metric>` → trivial and perfect value, as far as they are known.
        directions: The metrics of the user's, with their direction.
    """
    known = metric_scales or {}
    scales = {}
    for task, metrics in tasks.items():
        linear = []
        for metric in metrics:
            value = reference[metric_key("test", task, metric)]
            sign = 1.0 if is_higher_better(metric, directions) else -1.0
            size = gain_unit(value, known.get(scale_key(task, metric)))
            linear.append(LinearScale(metric, value, sign / (size * len(metrics))))
        scales[task] = tuple(linear)
    weights = _normalised({task: importance[task] for task in scales})
    return Measure("delta_m", scales, weights, None, known, directions or {})


def mean_metrics(runs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the means of the metrics that all runs have."""
    all_runs = list(runs)
    if not all_runs:
        return {}
    return {
        name: statistics.fmean(run[name] for run in all_runs)
        for name in all_runs[0]
        if all(name in run for run in all_runs)
    }


def _normalised(importance: Mapping[str, float]) -> dict[str, float]:
    total = math.fsum(importance.values())
    if total <= 0:
        return dict.fromkeys(importance, 1.0 / len(importance))
    return {task: value / total for task, value in importance.items()}
