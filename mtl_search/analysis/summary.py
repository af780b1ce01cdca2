"""Figures of a whole sweep: totals of each arm, ranks, early rungs against the end, Pareto front."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_search.analysis import pareto
from mtl_search.analysis.leaderboard import arm_names
from mtl_search.analysis.paired import Tasks
from mtl_search.analysis.verdict import Verdict
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.objective import gain, key
from mtl_search.storage.records import SweepRecord, TrialRecord

# Spearman's rank correlation of fewer than this many trials is not worth a line.
_MIN_TRIALS = 4


@dataclass(frozen=True)
class ArmTotals:
    """What an arm has cost.

    Attributes:
        states: Number of trials by state.
        epochs: Trained in all its trials.
        seconds: Of training, summed over its trials; trials that ran side by side count fully.
    """

    arm: str
    states: dict[str, int]
    epochs: int
    seconds: float


@dataclass(frozen=True)
class RungCorrelation:
    """How well an early epoch foretells the end, among the trials that were not stopped.

    Attributes:
        epoch: Epoch at which trials were stopped.
        trials: Number of trials that went on to the end.
        spearman: Rank correlation of the objective then with the objective at the end; None when all were equal.
    """

    arm: str
    epoch: int
    trials: int
    spearman: float | None


@dataclass(frozen=True)
class ParetoFront:
    """Trade-offs between the main tasks among the trials that share.

    Attributes:
        points: Number of trials that were compared, one point each: the gain of each task's first metric.
        trials: Ids of the trials that no other trial beats on every task.
        hypervolume: Above a gain of -100 % in every task; 1 is what the references span.
        against: What the gains are relative to: `single`, or `best` (best value of each task over the trials).
    """

    points: int
    trials: tuple[str, ...]
    hypervolume: float
    against: str


def arm_totals(record: SweepRecord, tasks: Tasks) -> list[ArmTotals]:
    """Trials by state, epochs and seconds of each arm."""
    totals = []
    for arm in arm_names(tasks, record):
        trials = record.arm(arm)
        epochs = sum(trial.epochs[-1].epoch for trial in trials if trial.epochs)
        states: dict[str, int] = dict(Counter(str(trial.state) for trial in trials))
        totals.append(ArmTotals(arm, states, epochs, math.fsum(trial.seconds for trial in trials)))
    return totals


def mean_ranks(verdict: Verdict, tasks: Tasks) -> dict[str, float]:
    """Mean over tasks of the rank of `single`, `equal`, `search` by mean test metric of their finalists; 1 is best.

    Arms that tie share the mean of their ranks. Empty unless at least two arms have finalists for every task.
    """
    scores: dict[str, list[float]] = {}
    for arm in ("single", "equal", "search"):
        values = [
            _signed_test(verdict, arm, task, metrics[0])
            for task, metrics in tasks.items()
            if metrics
        ]
        if values and None not in values:
            scores[arm] = [value for value in values if value is not None]
    if len(scores) < 2:
        return {}
    by_task = zip(*scores.values(), strict=True)
    ranks_TA = np.array([_ranks([-value for value in values]) for values in by_task])
    return dict(zip(scores, ranks_TA.mean(axis=0).tolist(), strict=True))


def _signed_test(verdict: Verdict, arm: str, task: str, metric: str) -> float | None:
    winner = verdict.winners.get(f"single/{task}" if arm == "single" else arm)
    estimate = winner.test.get(key("test", task, metric)) if winner else None
    if estimate is None:
        return None
    return estimate.mean if METRICS[metric].higher_is_better else -estimate.mean


def rung_correlations(record: SweepRecord, tasks: Tasks) -> list[RungCorrelation]:
    """Of each arm with stopped trials, for each epoch at which some were stopped."""
    found = []
    for arm in arm_names(tasks, record):
        trials = record.arm(arm)
        rungs = sorted({t.epochs[-1].epoch for t in trials if t.state == "PRUNED" and t.epochs})
        complete = [t for t in trials if t.state == "COMPLETE"]
        for epoch in rungs:
            pairs = [(_objective_at(t, epoch), t.objective) for t in complete]
            known = [(early, end) for early, end in pairs if early is not None and end is not None]
            if len(known) >= _MIN_TRIALS:
                found.append(RungCorrelation(arm, epoch, len(known), _spearman(known)))
    return found


def _objective_at(trial: TrialRecord, epoch: int) -> float | None:
    return next((e.best_objective for e in trial.epochs if e.epoch == epoch), None)


def _spearman(pairs: list[tuple[float, float]]) -> float | None:
    early, end = zip(*pairs, strict=True)
    if len(set(early)) < 2 or len(set(end)) < 2:
        return None
    return float(np.corrcoef(_ranks(early), _ranks(end))[0, 1])


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value from 1, the smallest; equal values share their mean rank."""
    ordered = sorted(values)
    # The first of the equal values has so many smaller ones before it, and their ranks follow.
    return [ordered.index(value) + (ordered.count(value) + 1) / 2 for value in values]


def pareto_front(
    record: SweepRecord, tasks: Tasks, reference: Mapping[str, float]
) -> ParetoFront | None:
    """The front over the trials of the arms `equal` and `search`; None for one task or without an ended trial.

    Members of populations are no part of it: no config gives their networks.
    """
    names = {
        task: (metrics[0], key("val", task, metrics[0]))
        for task, metrics in tasks.items()
        if metrics
    }
    trials = [t for t in record if t.arm in ("equal", "search") and t.is_result]
    usable = [
        t for t in trials if t.best and all(name in t.best.metrics for _, name in names.values())
    ]
    if len(names) < 2 or not usable:
        return None
    against = "single" if all(name in reference for _, name in names.values()) else "best"
    base = reference if against == "single" else _best_values(usable, names)
    points_ND = np.array([_gains(trial, names, base) for trial in usable])
    on_front = pareto.front(points_ND)
    volume = pareto.hypervolume(points_ND, np.full(len(names), -1.0))
    ids = tuple(trial.id for trial, best in zip(usable, on_front, strict=True) if best)
    return ParetoFront(len(usable), ids, volume, against)


def _gains(
    trial: TrialRecord, names: Mapping[str, tuple[str, str]], base: Mapping[str, float]
) -> list[float]:
    values: Mapping[str, Any] = trial.best.metrics if trial.best else {}
    return [gain(metric, values[name], base[name]) for metric, name in names.values()]


def _best_values(
    trials: list[TrialRecord], names: Mapping[str, tuple[str, str]]
) -> dict[str, float]:
    best = {}
    for metric, name in names.values():
        values = [trial.best.metrics[name] for trial in trials if trial.best]
        best[name] = max(values) if METRICS[metric].higher_is_better else min(values)
    return best
