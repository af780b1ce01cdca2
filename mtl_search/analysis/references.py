"""What the trials of a sweep are measured by: metrics of the main tasks, and the best single-task trials."""

from __future__ import annotations

from mtl_search.analysis.paired import Tasks
from mtl_search.config import Config
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.records import SINGLE, SweepRecord, TrialRecord


def main_metrics(record: SweepRecord, config: Config) -> dict[str, tuple[str, ...]]:
    """Main tasks with their metrics: those of the config, or where it leaves them to the head, those in the journal."""
    return {
        task: config.tasks[task].metrics or journal_metrics(record, task)
        for task in config.main_tasks
    }


def journal_metrics(record: SweepRecord, task: str) -> tuple[str, ...]:
    """Validation metrics of a task that the journal holds, in the order in which they were written."""
    prefix = f"val/{task}/"
    found: dict[str, None] = {}
    for trial in record:
        names = [
            name for epoch in trial.epochs for name in epoch.metrics if name.startswith(prefix)
        ]
        found.update(dict.fromkeys(name.removeprefix(prefix) for name in names))
    return tuple(name for name in found if name in METRICS or ":" in name)


def reference_trial(record: SweepRecord, task: str) -> TrialRecord | None:
    """The best single-task trial of a task; None when none has got to the end of an epoch.

    A member of a population is none: what the other arms are compared with is what fixed values can do.
    """
    trials = [trial for trial in record.arm(f"{SINGLE}{task}") if trial.is_result]
    return max(trials, key=lambda trial: trial.best_objective, default=None)  # the first of equals


def validation_reference(record: SweepRecord, tasks: Tasks) -> dict[str, float]:
    """`val/<task>/<metric>` of the best trial of each single-task arm at its best epoch; empty arms are left out."""
    reference = {}
    for task, metrics in tasks.items():
        trial = reference_trial(record, task)
        if trial is not None and trial.best is not None:
            names = [metric_key("val", task, metric) for metric in metrics]
            reference.update(
                {name: trial.best.metrics[name] for name in names if name in trial.best.metrics}
            )
    return reference
