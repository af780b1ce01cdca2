"""What trials are measured by: metrics of the main tasks, and the best single-task trials."""

from __future__ import annotations

from collections.abc import Mapping

from mtl_search.config import Config
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

Tasks = Mapping[str, tuple[str, ...]]  # task → names of its metrics


def main_metrics(record: SweepRecord, config: Config) -> dict[str, tuple[str, ...]]:
    """Return the main tasks with their metrics.

    They are those of the config, or where it leaves them to the head, those in the journal.
    """
    return {
        task: config.tasks[task].metric_names or journal_metrics(record, task)
        for task in config.main_tasks
    }


def journal_metrics(record: SweepRecord, task: str) -> tuple[str, ...]:
    """Return the validation metrics of a task in the journal, in the order of their first value."""
    prefix = metric_key("val", task, "")
    names: dict[str, None] = {}
    for trial in record:
        for epoch in trial.epochs:
            for key in epoch.metrics:
                if key.startswith(prefix):
                    names[key.removeprefix(prefix)] = None
    # The others are losses; before 0.3 a metric of the user's was called `module:attribute`.
    own = record.directions
    return tuple(name for name in names if name in METRICS or name in own or ":" in name)


def reference_trial(record: SweepRecord, task: str) -> TrialRecord | None:
    """Return the best single-task trial of a task; None when none has finished an epoch.

    Members of a population do not count: other arms are compared with what fixed values can do.
    """
    trials = [trial for trial in record.arm(ArmName.single(task)) if trial.is_result]
    return max(trials, key=lambda trial: trial.best_objective, default=None)  # the first of equals


def validation_reference(record: SweepRecord, tasks: Tasks) -> dict[str, float]:
    """Return `val/<task>/<metric>` of the best trial of each single-task arm, at its best epoch.

    Arms without such a trial are left out.
    """
    reference = {}
    for task, metrics in tasks.items():
        trial = reference_trial(record, task)
        values = trial.best.metrics if trial and trial.best else {}
        for metric in metrics:
            key = metric_key("val", task, metric)
            if key in values:
                reference[key] = values[key]
    return reference


def without_excluded(tasks: Tasks, record: SweepRecord) -> Tasks:
    """Return the tasks with the metrics that the labels leave defined.

    Args:
        tasks: Task → its metrics.
        record: The sweep, which knows what was left out.
    """
    kept = {}
    for task, metrics in tasks.items():
        names = [m for m in metrics if scale_key(task, m) not in record.excluded_metrics]
        if names:
            kept[task] = tuple(names)
    return kept
