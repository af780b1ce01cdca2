"""What each main task gains or loses by sharing, as one row a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.finalists import SelectedFinalist
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.verdict import Verdict
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.storage.arm_name import TWIN_SEPARATE, ArmName
from mtl_search.storage.records import SweepRecord


@dataclass(frozen=True)
class TaskRow:
    """One main task on the test split.

    Attributes:
        task: The task.
        metric: Its first metric, which selects.
        trivial: What the best constant prediction of the training split reaches; None for a sweep
            of an earlier version.
        single: Mean over seeds of the tuned single-task networks; None without them.
        twin: Mean of the recommended network with nothing shared; None without it.
        shared: Mean of the recommended network; None without finalists.
        gain: The recommended network's gain over the single-task networks, in the measure of the
            verdict.
        interval: Its 95 % interval, of this task alone.
        improvement: Probability that a run of the recommended network is better.
        p_value: The gain's p-value, adjusted for the number of claims by Holm's method.
        holds: Whether the gain or loss is claimed; None where it could not be tested.
        delta_m: Relative gain over the single-task networks, mean over the task's metrics.
        references: Model of scikit-learn → its metric on the test split.
    """

    task: str
    metric: str
    trivial: float | None
    single: float | None
    twin: float | None
    shared: float | None
    gain: float | None
    interval: tuple[float, float] | None
    improvement: float | None
    p_value: float | None
    holds: bool | None
    delta_m: float | None
    references: Mapping[str, float]


def task_rows(record: SweepRecord, tasks: Tasks, verdict: Verdict) -> list[TaskRow]:
    """Return a row for each main task that has a metric.

    Args:
        record: The sweep's record.
        tasks: Main tasks with their metrics, the first of which counts.
        verdict: The sweep's verdict.
    """
    return [_row(record, task, names[0], verdict) for task, names in tasks.items() if names]


def worst_task(comparison: Comparison) -> str | None:
    """Return the task that gains least; None where there is no more than one task.

    Args:
        comparison: One arm against another.
    """
    if len(comparison.tasks) < 2:
        return None
    return min(comparison.tasks, key=lambda task: comparison.tasks[task].gain.mean)


def _row(record: SweepRecord, task: str, metric: str, verdict: Verdict) -> TaskRow:
    scale = record.scales.get(scale_key(task, metric))
    sharing = verdict.sharing
    compared = sharing.tasks.get(task) if sharing else None
    claim = verdict.claims.get(f"task {task}")
    literature = sharing.literature if sharing else None
    return TaskRow(
        task=task,
        metric=metric,
        trivial=scale[0] if scale else None,
        single=_mean(verdict.winners.get(ArmName.single(task)), task, metric),
        twin=_mean(verdict.winners.get(TWIN_SEPARATE), task, metric),
        shared=_mean(verdict.recommended, task, metric),
        gain=compared.gain.mean if compared else None,
        interval=compared.interval if compared else None,
        improvement=compared.improvement if compared else None,
        p_value=claim.p_value if claim else None,
        holds=claim.holds if claim else None,
        delta_m=literature.tasks.get(task) if literature else None,
        references=references_on_test(record, task, metric),
    )


def references_on_test(record: SweepRecord, task: str, metric: str) -> dict[str, float]:
    """Return the metric of each model of scikit-learn on the test split.

    Args:
        record: The sweep's record.
        task: The task.
        metric: One of its metrics.
    """
    key = metric_key("test", task, metric)
    models = record.baselines.get(task, {})
    return {model: metrics[key] for model, metrics in models.items() if key in metrics}


def _mean(winner: SelectedFinalist | None, task: str, metric: str) -> float | None:
    estimate = winner.test.get(metric_key("test", task, metric)) if winner else None
    return estimate.mean if estimate else None
