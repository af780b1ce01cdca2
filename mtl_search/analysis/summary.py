"""Figures of a whole sweep: totals of arms, ranks, early rungs against the end, Pareto front."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_search.analysis.leaderboard import arm_names
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.statistics import pareto, ranks
from mtl_search.analysis.verdict import Verdict
from mtl_search.metrics.definitions import Directions, is_higher_better
from mtl_search.metrics.metric_key import metric_key
from mtl_search.metrics.objective import gain
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

# Fewer trials say too little about a rank correlation.
_MIN_TRIALS = 4
# A volume in more dimensions is beyond any estimate by random points.
_MOST_DIMENSIONS = 10


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
        hypervolume: Volume above a gain of -100 % in every task; the references span 1. None for
            more than 10 tasks, where it can neither be computed nor be estimated.
        against: What the gains are relative to: `single`, or `best` for the best value of each task
            over the trials.
    """

    points: int
    trials: tuple[str, ...]
    hypervolume: float | None
    against: str


@dataclass(frozen=True)
class ParetoPoints:
    """What the trials that share gain in each main task.

    Attributes:
        trials: Ids of the trials.
        tasks: Names of the tasks.
        gains: (N, D) gains of the trials in each task's first metric, as fractions.
        on_front: Whether no other trial beats it, by trial.
        against: What the gains are relative to, `single` or `best`, as in `ParetoFront`.
    """

    trials: tuple[str, ...]
    tasks: tuple[str, ...]
    gains: NDArray[np.float64]
    on_front: NDArray[np.bool_]
    against: str

    def summary(self) -> ParetoFront:
        """Return the front."""
        ids = tuple(t for t, best in zip(self.trials, self.on_front, strict=True) if best)
        volume = None
        if len(self.tasks) <= _MOST_DIMENSIONS:
            volume = pareto.hypervolume(self.gains, np.full(len(self.tasks), -1.0))
        return ParetoFront(len(self.trials), ids, volume, self.against)


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


def mean_ranks(
    verdict: Verdict, tasks: Tasks, directions: Directions | None = None
) -> dict[str, float]:
    """Return the mean rank of `single`, `equal` and `search` over the tasks; 1 is best.

    Arms are ranked by the mean of each task's first test metric over their finalists. Those that
    tie share the mean of their ranks. Empty unless two arms have finalists for every task.
    """
    losses: dict[str, list[float]] = {}
    for arm in ("single", "equal", "search"):
        values = _test_losses(verdict, arm, tasks, directions)
        if values:
            losses[arm] = values
    if len(losses) < 2:
        return {}
    by_task = zip(*losses.values(), strict=True)
    ranks_by_task = [ranks.mean_ranks(values).tolist() for values in by_task]
    means = [statistics.fmean(own) for own in zip(*ranks_by_task, strict=True)]
    return dict(zip(losses, means, strict=True))


def _test_losses(
    verdict: Verdict, arm: str, tasks: Tasks, directions: Directions | None
) -> list[float]:
    """Return each task's first test metric, lower is better; empty where one is missing."""
    losses = []
    for task, metrics in tasks.items():
        if not metrics:
            continue
        winner = verdict.winners.get(ArmName.single(task) if arm == "single" else arm)
        estimate = winner.test.get(metric_key("test", task, metrics[0])) if winner else None
        if estimate is None:
            return []
        higher = is_higher_better(metrics[0], directions)
        losses.append(-estimate.mean if higher else estimate.mean)
    return losses


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
                spearman = ranks.rank_correlation(*zip(*pairs, strict=True))
                correlations.append(RungCorrelation(arm, epoch, len(pairs), spearman))
    return correlations


def _objective_at(trial: TrialRecord, epoch: int) -> float | None:
    return next((e.best_objective for e in trial.epochs if e.epoch == epoch), None)


def pareto_points(
    record: SweepRecord, tasks: Tasks, reference: Mapping[str, float]
) -> ParetoPoints | None:
    """Return the gains of the trials of the arms `equal` and `search`.

    Members of populations have no part in it: no config gives their networks.

    Args:
        record: The sweep's record.
        tasks: Main tasks with their metrics, the first of which counts.
        reference: `val/<task>/<metric>` of the single-task arms; may be incomplete.

    Returns:
        The gains; None for a single task, or where no trial has ended.
    """
    metrics = {
        metric_key("val", task, names[0]): names[0] for task, names in tasks.items() if names
    }
    bests = ((t.id, t.best) for t in record if t.arm in SHARED and t.is_result)
    values_of = {
        trial: best.metrics
        for trial, best in bests
        if best and metrics.keys() <= best.metrics.keys()
    }
    if len(metrics) < 2 or not values_of:
        return None
    against = "single"
    if not metrics.keys() <= reference.keys():
        against = "best"
        reference = _best_values(list(values_of.values()), metrics, record.directions)
    gains = np.array(
        [
            [
                gain(
                    metric,
                    values[key],
                    reference[key],
                    scale=record.scales.get(key.removeprefix("val/")),
                    directions=record.directions,
                )
                for key, metric in metrics.items()
            ]
            for values in values_of.values()
        ]
    )
    counted = tuple(task for task, names in tasks.items() if names)
    return ParetoPoints(tuple(values_of), counted, gains, pareto.front(gains), against)


def pareto_front(
    record: SweepRecord, tasks: Tasks, reference: Mapping[str, float]
) -> ParetoFront | None:
    """Return the front over the trials of `pareto_points`; None where there are none.

    Args:
        record: The sweep's record.
        tasks: Main tasks with their metrics, the first of which counts.
        reference: `val/<task>/<metric>` of the single-task arms; may be incomplete.
    """
    points = pareto_points(record, tasks, reference)
    return points.summary() if points else None


def _best_values(
    trials: Sequence[Mapping[str, float]], metrics: Mapping[str, str], directions: Directions
) -> dict[str, float]:
    best = {}
    for key, metric in metrics.items():
        values = [trial[key] for trial in trials]
        best[key] = max(values) if is_higher_better(metric, directions) else min(values)
    return best
