"""What a trial comes to in the end: its best values, and what the test split says of a finalist.

They are computed by the functions that the leaderboard is made with, so that both show one number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mtl_search.analysis.leaderboard import trial_delta_m, trial_skill
from mtl_search.analysis.references import Tasks, main_metrics, validation_reference
from mtl_search.analysis.skills import known_delta_m, mean_skill, tasks_of
from mtl_search.config import Config, paths, to_stored
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.tracking.mapping import (
    MetricPoint,
    clean_name,
    clean_names,
    milliseconds,
    objective_name,
)

BEST = "best/"


@dataclass(frozen=True)
class Yardstick:
    """What trials are measured by.

    Attributes:
        tasks: Main tasks with their metrics.
        reference: `val/<task>/<metric>` of the best single-task trials.
        final_reference: `test/<task>/<metric>` of the single-task finalists; empty before them.
    """

    tasks: Tasks
    reference: Mapping[str, float]
    final_reference: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, record: SweepRecord, config: Config, final_reference: Mapping[str, float] | None = None
    ) -> Yardstick:
        """Return what holds by the trials of a record."""
        tasks = main_metrics(record, config)
        return cls(tasks, validation_reference(record, tasks), final_reference or {})


def final_values(
    trial: TrialRecord, record: SweepRecord, config: Config, yardstick: Yardstick
) -> dict[str, float]:
    """Return the best values of a trial, and its test metrics, by their names in MLflow.

    `best/val/<task>/<metric>` are those of its best epoch, `best/val/skill` and `best/val/delta_m`
    what the leaderboard shows, and `test/skill` and `test/delta_m` the same on the test split.

    Args:
        trial: The trial.
        record: The sweep, whose scales count.
        config: The sweep's config.
        yardstick: What the trial is measured by.
    """
    best = trial.best
    if best is None:
        return {}
    values = {
        BEST + key: value
        for key, value in best.metrics.items()
        if key.startswith("val/") and not key.endswith("/loss")
    }
    values[BEST + objective_name(trial.arm, config, record)] = best.best_objective
    importance = {task: config.tasks[task].importance for task in yardstick.tasks}
    values[f"{BEST}val/skill"] = trial_skill(trial, record, config, yardstick.tasks)
    gain = trial_delta_m(trial, yardstick.tasks, yardstick.reference, importance, record)
    values[f"{BEST}val/delta_m"] = gain
    if trial.test:
        own = tasks_of(trial, yardstick.tasks)
        values |= values_on_test(trial.test, own, record, config, yardstick.final_reference)
    return known_values(values)


def values_on_test(
    test: Mapping[str, float],
    tasks: Tasks,
    record: SweepRecord,
    config: Config,
    final_reference: Mapping[str, float],
) -> dict[str, float]:
    """Return metrics on the test split with the skill and the Δm of all tasks together.

    Args:
        test: `test/<task>/<metric>` → value.
        tasks: The main tasks that are judged, with their metrics.
        record: The sweep, whose scales count.
        config: The sweep's config.
        final_reference: The values of the single-task finalists under the same keys.
    """
    values = {**test, "test/skill": mean_skill(record, config, tasks, test, "test")}
    values["test/delta_m"] = known_delta_m(test, final_reference, tasks, "test", record=record)
    return values


def known_values(values: Mapping[str, float]) -> dict[str, float]:
    """Return the finite values by names that MLflow accepts."""
    return clean_names({name: float(x) for name, x in values.items() if math.isfinite(x)})


def fingerprint(trial: TrialRecord, values: Mapping[str, float]) -> int:
    """Return a number that changes with the values of a trial, and with its objective."""
    objective = trial.epochs[-1].best_objective if trial.epochs else None
    return hash((objective, frozenset(values.items())))


def final_points(
    trial: TrialRecord,
    values: Mapping[str, float],
    record: SweepRecord,
    config: Config,
    seconds: float,
) -> list[MetricPoint]:
    """Return what a trial comes to as points.

    Its values are at step 0, which MLflow draws as bars; its objective is at its last epoch, to be
    sent where it has changed.

    Args:
        trial: The trial.
        values: What `final_values` returned.
        record: The sweep, whose scales count.
        config: The sweep's config.
        seconds: When they became known, as Unix time. Of two values MLflow shows the later one.
    """
    time = milliseconds(seconds)
    points = [MetricPoint(name, value, time, 0) for name, value in values.items()]
    if trial.epochs:
        name = clean_name(objective_name(trial.arm, config, record))
        points.append(MetricPoint(name, trial.epochs[-1].best_objective, time, trial.last_epoch))
    return points


def missing_points(
    points: Sequence[MetricPoint], known: Mapping[str, float], seconds: float
) -> list[MetricPoint]:
    """Return those of a trial's final points that its run lacks or has with another value.

    The objective is among them only where a reference has changed since its last epoch.

    Args:
        points: What `final_points` returned.
        known: The last values that the run has, or is about to get.
        seconds: The time of values that have changed, as Unix time.
    """
    now = milliseconds(seconds)  # of two values MLflow shows the later one
    return [
        replace(point, time=now) if point.name in known else point
        for point in points
        if known.get(point.name) != point.value and (point.name in known or point.step == 0)
    ]


def varied_params(config: Config) -> dict[str, object]:
    """Return dotted path → the config's own value, of everything that `search.space` varies.

    So that every trial has all of them as params, also where its arm keeps the config's value.
    """
    tree = to_stored(config)
    values: dict[str, object] = {}
    for written in config.search.space:
        for path in _expanded(written, tuple(config.tasks)):
            value = paths.get(tree, path)
            if value is not None:
                values |= paths.flatten({path: value})
    return values


def _expanded(path: str, tasks: Sequence[str]) -> list[str]:
    """Return the path once a task, where it has a `*`."""
    return [path.replace("*", task, 1) for task in tasks] if "*" in path else [path]
