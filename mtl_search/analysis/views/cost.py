"""What each arm has cost, and what training every combination to the end would have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.summary import ArmTotals, arm_totals
from mtl_search.analysis.views.parts.columns import filled
from mtl_search.analysis.views.parts.packs import packs_sentence
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.trial_record import TrialRecord

_EPOCHS = "training.epochs"
_COLUMNS = (
    Column("arm", "arm", help="The group of trials."),
    Column("trials", "trials", "count", "Number of trials that have begun."),
    Column("failed", "failed", "count", "Number of trials that failed."),
    Column("pruned", "stopped early", "count", "Number of trials that the scheduler stopped."),
    Column("epochs", "epochs", "count", "Epochs of all trials."),
    Column(
        "seconds", "seconds", "seconds", "Seconds of training of all trials, side by side or not."
    ),
    Column("samples", "samples", "count", "Training samples seen by all trials."),
    Column("full_epochs", "epochs to the end", "count", "Epochs without stopping any trial."),
    Column(
        "full_seconds", "seconds to the end", "seconds", "Estimated seconds without stopping any."
    ),
)
_NOTE = (
    "Epochs and seconds add up over trials that ran side by side. To the end: had every trial that "
    "the scheduler stopped been trained for all its epochs, at the same time an epoch."
)


def cost(evidence: Evidence) -> View | None:
    """Return trials, epochs and seconds of each arm; None before the first trial."""
    totals = arm_totals(evidence.record, evidence.tasks)
    if not totals:
        return None
    rows = [_row(evidence, arm) for arm in totals]
    about = _sums(rows)
    title = "What the sweep has cost"
    summary = " ".join(filter(None, (_summary(rows, about), packs_sentence(evidence.record))))
    return View("cost", title, summary, filled(_COLUMNS, rows), rows, _NOTE, about)


def _row(evidence: Evidence, arm: ArmTotals) -> dict[str, Any]:
    trials = evidence.record.arm(arm.arm)
    planned = [_ToTheEnd.of(evidence, trial) for trial in trials]
    return {
        "arm": str(arm.arm),
        "trials": sum(arm.states.values()),
        "failed": arm.states.get("FAIL", 0),
        "pruned": arm.states.get("PRUNED", 0),
        "epochs": arm.epochs,
        "seconds": arm.seconds,
        "samples": _samples(trials),
        "full_epochs": sum(trial.epochs for trial in planned),
        "full_seconds": math.fsum(trial.seconds for trial in planned),
    }


@dataclass(frozen=True)
class _ToTheEnd:
    """What a trial costs that is not stopped by the scheduler."""

    epochs: int
    seconds: float

    @classmethod
    def of(cls, evidence: Evidence, trial: TrialRecord) -> _ToTheEnd:
        done = trial.last_epoch
        if trial.state != "PRUNED" or done == 0:
            return cls(done, trial.seconds)
        planned = int(trial.overrides.get(_EPOCHS, evidence.config.training.epochs))
        epochs = max(done, planned)
        return cls(epochs, trial.seconds * epochs / done)


def _samples(trials: Sequence[TrialRecord]) -> int | None:
    """Return the training samples that the trials have seen; None where one did not say."""
    sizes = [trial.info.get("samples_per_epoch") for trial in trials if trial.last_epoch]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return None
    trained = [trial for trial in trials if trial.last_epoch]
    return sum(size * trial.last_epoch for size, trial in zip(known, trained, strict=True))


def _sums(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sums: dict[str, Any] = {
        name: sum(row[name] for row in rows)
        for name in ("trials", "failed", "pruned", "epochs", "full_epochs")
    }
    sums |= {name: math.fsum(row[name] for row in rows) for name in ("seconds", "full_seconds")}
    sums["saved_epochs"] = sums["full_epochs"] - sums["epochs"]
    sums["saved_seconds"] = sums["full_seconds"] - sums["seconds"]
    return sums


def _summary(rows: Sequence[Mapping[str, Any]], sums: Mapping[str, Any]) -> str:
    text = (
        f"{formats.counted(sums['trials'], 'trial')} trained "
        f"{formats.counted(sums['epochs'], 'epoch')} in {formats.counted(len(rows), 'arm')}, "
        f"which took {_time(sums['seconds'])} of training."
    )
    if sums["failed"]:
        text += f" {sums['failed']:,} of them failed."
    if not sums["pruned"]:
        return f"{text} No trial was stopped early."
    share = sums["saved_epochs"] / sums["full_epochs"] if sums["full_epochs"] else 0.0
    stopped = f"{formats.counted(sums['pruned'], 'trial')} {_was(sums['pruned'])} stopped early"
    return (
        f"{text} {stopped}: training all to the end would have "
        f"taken {sums['full_epochs']:,} epochs and about {_time(sums['full_seconds'])}, so that "
        f"stopping saved {100 * share:.0f} % of the epochs."
    )


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _time(seconds: float) -> str:
    text = formats.seconds(seconds)
    return text if "h" in text else f"{text} s"
