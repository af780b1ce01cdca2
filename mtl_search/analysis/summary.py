"""Figures of a whole sweep: totals of arms, ranks, early rungs against the end, Pareto front."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_search.analysis.leaderboard import arm_names
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.statistics import pareto
from mtl_search.analysis.verdict import Verdict
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.metric_key import metric_key
from mtl_search.metrics.objective import gain
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

# Fewer trials say too little about a rank correlation.
_MIN_TRIALS = 4


@dataclass(frozen=True)
class ArmTotals:
    """What an arm has cost.

    Attributes:
        arm: The arm.
        states: State → number of trials.
        epochs: Number of epochs of all trials.
        seconds: Seconds of training of all trials; those that ran side by side count fully.
    """

    arm: str
    states: dict[str, int]
    epochs: int
    seconds: float


@dataclass(frozen=True)
class RungCorrelation:
    """How well an early epoch foretells the end, among the trials that were not stopped.

    Attributes:
        arm: The arm of the trials.
        epoch: Epoch at which other trials were stopped.
        trials: Number of trials that went on to the end.
        spearman: Rank correlation of the objective then with that at the end; None when all were
            equal.
    """

    arm: str
    epoch: int
    trials: int
    spearman: float | None


@dataclass(frozen=True)
class ParetoFront:
    """Trade-offs between the main tasks among the trials that share.

    Attributes:
        points: Number of trials that were compared. The coordinates of each are the gains of each
            task's first metric.
        trials: Ids of the trials that no other trial beats on every task.
        hypervolume: Volume above a gain of -100 % in every task; the references span 1.
        against: What the gains are relative to: `single`, or `best` for the best value of each task
            over the trials.
    """

    points: int
    trials: tuple[str, ...]
    hypervolume: float
    against: str


def arm_totals(record: SweepRecord, tasks: Tasks) -> list[ArmTotals]:
    """Return trials by state, epochs and seconds of each arm."""
    totals = []
    for arm in arm_names(tasks, record):
        trials = record.arm(arm)
        states: Counter[str] = Counter(trial.state for trial in trials)
        epochs = sum(trial.last_epoch for trial in trials)
        seconds = math.fsum(trial.seconds for trial in trials)
        totals.append(ArmTotals(arm, dict(states), epochs, seconds))
    return totals


def mean_ranks(verdict: Verdict, tasks: Tasks) -> dict[str, float]:
    """Return the mean rank of `single`, `equal` and `search` over the tasks; 1 is best.

    Arms are ranked by the mean of each task's first test metric over their finalists. Those that
    tie share the mean of their ranks. Empty unless two arms have finalists for every task.
    """
    losses: dict[str, list[float]] = {}
    for arm in ("single", "equal", "search"):
        values = _test_losses(verdict, arm, tasks)
        if values:
            losses[arm] = values
    if len(losses) < 2:
        return {}
    ranks_by_task = [_ranks(values) for values in zip(*losses.values(), strict=True)]
    means = [statistics.fmean(ranks) for ranks in zip(*ranks_by_task, strict=True)]
    return dict(zip(losses, means, strict=True))


def _test_losses(verdict: Verdict, arm: str, tasks: Tasks) -> list[float]:
    """Return each task's first test metric, lower is better; empty where one is missing."""
    losses = []
    for task, metrics in tasks.items():
        if not metrics:
            continue
        winner = verdict.winners.get(ArmName.single(task) if arm == "single" else arm)
        estimate = winner.test.get(metric_key("test", task, metrics[0])) if winner else None
        if estimate is None:
            return []
        higher = METRICS[metrics[0]].higher_is_better
        losses.append(-estimate.mean if higher else estimate.mean)
    return losses


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 1; equal values share the mean of their ranks."""
    ordered = sorted(values)
    return [(bisect_left(ordered, v) + bisect_right(ordered, v) + 1) / 2 for v in values]


def rung_correlations(record: SweepRecord, tasks: Tasks) -> list[RungCorrelation]:
    """Return a correlation for each arm and each epoch at which some of its trials were stopped."""
    correlations = []
    for arm in arm_names(tasks, record):
        trials = record.arm(arm)
        rungs = sorted({t.last_epoch for t in trials if t.state == "PRUNED" and t.epochs})
        complete = [t for t in trials if t.state == "COMPLETE"]
        for epoch in rungs:
            objectives = [(_objective_at(t, epoch), t.objective) for t in complete]
            pairs = [
                (then, end) for then, end in objectives if then is not None and end is not None
            ]
            if len(pairs) >= _MIN_TRIALS:
                correlations.append(RungCorrelation(arm, epoch, len(pairs), _spearman(pairs)))
    return correlations


def _objective_at(trial: TrialRecord, epoch: int) -> float | None:
    return next((e.best_objective for e in trial.epochs if e.epoch == epoch), None)


def _spearman(pairs: list[tuple[float, float]]) -> float | None:
    early, end = zip(*pairs, strict=True)
    if len(set(early)) < 2 or len(set(end)) < 2:
        return None
    ranks_N2 = np.column_stack([_ranks(early), _ranks(end)])
    return float(np.corrcoef(ranks_N2, rowvar=False)[0, 1])


def pareto_front(
    record: SweepRecord, tasks: Tasks, reference: Mapping[str, float]
) -> ParetoFront | None:
    """Return the front over the trials of the arms `equal` and `search`.

    Members of populations have no part in it: no config gives their networks.

    Args:
        record: The sweep's record.
        tasks: Main tasks with their metrics, the first of which counts.
        reference: `val/<task>/<metric>` of the single-task arms; may be incomplete.

    Returns:
        The front; None for a single task, or where no trial has ended.
    """
    metrics = {
        metric_key("val", task, names[0]): names[0] for task, names in tasks.items() if names
    }
    trials = [t for t in record if t.arm in SHARED and t.is_result]
    values_of = {
        t.id: t.best.metrics for t in trials if t.best and metrics.keys() <= t.best.metrics.keys()
    }
    if len(metrics) < 2 or not values_of:
        return None
    against = "single"
    if not metrics.keys() <= reference.keys():
        against = "best"
        reference = _best_values(list(values_of.values()), metrics)
    points_ND = np.array(
        [
            [gain(metric, values[key], reference[key]) for key, metric in metrics.items()]
            for values in values_of.values()
        ]
    )
    on_front = pareto.front(points_ND)
    volume = pareto.hypervolume(points_ND, np.full(len(metrics), -1.0))
    ids = tuple(trial for trial, best in zip(values_of, on_front, strict=True) if best)
    return ParetoFront(len(values_of), ids, volume, against)


def _best_values(
    trials: Sequence[Mapping[str, float]], metrics: Mapping[str, str]
) -> dict[str, float]:
    best = {}
    for key, metric in metrics.items():
        values = [trial[key] for trial in trials]
        best[key] = max(values) if METRICS[metric].higher_is_better else min(values)
    return best
