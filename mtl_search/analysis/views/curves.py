"""Learning curves: of networks on fresh seeds as mean, least and most, and of the best trials."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.skills import known_delta_m, mean_skill, tasks_of
from mtl_search.analysis.views.parts.trials import Worth, thinned, worth_of
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.trial_record import EpochRecord, TrialRecord

FINALISTS = "fresh seeds"
TRIAL = "trial"
_MOST_EPOCHS = 50  # of one curve
_MOST_SINGLES = 6  # more curves of single tasks cannot be told apart
_BEST_TRIALS = 3
_NOTE = (
    "Validation split, epoch by epoch. A band is the least and the most over seeds of the network "
    "that speaks for an arm; where seeds end at different epochs it goes on with those that are "
    "left. Of single-task arms it is their own task."
)


def curves(evidence: Evidence) -> View | None:
    """Return the curves of finalists and of the best shared trials; None before the first epoch."""
    worth = worth_of(evidence)
    meter = _Meter(evidence, worth)
    rows = [*_of_finalists(evidence, meter), *_of_trials(evidence, meter)]
    if not rows:
        return None
    about = {"measure": worth.name, "epochs": evidence.config.training.epochs}
    columns = [
        Column("curve", "curve", help="The arm, or the trial."),
        Column("of", "of", help="Whether it is of several fresh seeds, or of one trial."),
        Column("arm", "arm", help="The arm."),
        Column("epoch", "epoch", "count", "The epoch, from 1."),
        Column("mean", f"mean {worth.column.title}", worth.column.kind, "Mean over seeds."),
        Column("low", "least", worth.column.kind, "Least over seeds."),
        Column("high", "most", worth.column.kind, "Most over seeds."),
        Column("seeds", "seeds", "count", "Number of seeds that have got to this epoch."),
    ]
    note = _NOTE
    if len(evidence.tasks) > _MOST_SINGLES:
        note += " With so many tasks the single-task networks are left out."
    title = "Learning curves"
    return View("curves", title, _summary(rows, about, worth), columns, rows, note, about)


class _Meter:
    """Measure epochs as the trials are.

    Args:
        evidence: What is known of the sweep.
        worth: What trials are compared by.
    """

    def __init__(self, evidence: Evidence, worth: Worth) -> None:
        self._evidence = evidence
        self._worth = worth
        self._reference = validation_reference(evidence.record, evidence.tasks)
        tasks = evidence.config.tasks
        self._importance = {task: tasks[task].importance for task in evidence.tasks}

    def value(self, trial: TrialRecord, epoch: EpochRecord) -> float:
        """Return what the trial is worth at this epoch; NaN where it is not known."""
        if self._worth.name == "objective":
            return epoch.best_objective
        tasks = tasks_of(trial, self._evidence.tasks)
        if self._worth.name == "skill":
            record, config = self._evidence.record, self._evidence.config
            return mean_skill(record, config, tasks, epoch.metrics, "val")
        importance = None if trial.arm.is_single else self._importance
        return known_delta_m(
            epoch.metrics,
            self._reference,
            tasks,
            "val",
            importance=importance,
            record=self._evidence.record,
        )


def _of_finalists(evidence: Evidence, meter: _Meter) -> Iterator[dict[str, Any]]:
    winners = [ArmName(arm) for arm in evidence.verdict.winners]
    singles = [arm for arm in winners if arm.is_single]
    shown = singles if len(singles) <= _MOST_SINGLES else []
    for arm in [*shown, *(arm for arm in winners if not arm.is_single)]:
        trials = evidence.finalists(arm)
        yield from _curve(str(arm), FINALISTS, arm, trials, meter)


def _of_trials(evidence: Evidence, meter: _Meter) -> Iterator[dict[str, Any]]:
    for arm in SHARED:
        trials = [trial for trial in evidence.record.arm(arm) if trial.is_result]
        best = sorted(trials, key=lambda trial: -trial.best_objective)[:_BEST_TRIALS]
        for trial in best:
            yield from _curve(trial.id, TRIAL, arm, [trial], meter)


def _curve(
    name: str, of: str, arm: ArmName, trials: Sequence[TrialRecord], meter: _Meter
) -> Iterator[dict[str, Any]]:
    by_epoch: dict[int, list[tuple[TrialRecord, EpochRecord]]] = {}
    for trial in trials:
        for epoch in trial.epochs:
            by_epoch.setdefault(epoch.epoch, []).append((trial, epoch))
    for number in thinned(sorted(by_epoch), _MOST_EPOCHS):
        values = [meter.value(trial, epoch) for trial, epoch in by_epoch[number]]
        known = [value for value in values if math.isfinite(value)]
        if known:
            yield {
                "curve": name,
                "of": of,
                "arm": str(arm),
                "epoch": number,
                "mean": statistics.fmean(known),
                "low": min(known),
                "high": max(known),
                "seeds": len(known),
            }


def _summary(rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any], worth: Worth) -> str:
    finals = [row for row in rows if row["of"] == FINALISTS and row["arm"] in SHARED]
    shown = finals or [row for row in rows if row["of"] == TRIAL] or list(rows)
    best: dict[str, Mapping[str, Any]] = {}  # by arm
    for row in shown:
        if row["arm"] not in best or row["mean"] > best[row["arm"]]["mean"]:
            best[row["arm"]] = row
    told = [
        f"at epoch {row['epoch']} of {about['epochs']} ({row['curve']}, {worth.write(row['mean'])})"
        for row in list(best.values())[:4]
    ]
    whose = "fresh seeds have, on average," if finals else "the best trials have"
    return f"On the validation split {whose} their best {worth.word} {' and '.join(told)}."
