"""What each arm has cost."""

from __future__ import annotations

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.summary import arm_totals
from mtl_search.analysis.views.view import Column, View

_COLUMNS = (
    Column("arm", "arm", help="The group of trials."),
    Column("trials", "trials", "count", "Number of trials that have begun."),
    Column("failed", "failed", "count", "Number of trials that failed."),
    Column("pruned", "stopped early", "count", "Number of trials that the scheduler stopped."),
    Column("epochs", "epochs", "count", "Epochs of all trials."),
    Column("seconds", "time", "seconds", "Seconds of training of all trials, side by side or not."),
)


def cost(evidence: Evidence) -> View | None:
    """Return trials, epochs and seconds of each arm; None before the first trial."""
    totals = arm_totals(evidence.record, evidence.tasks)
    if not totals:
        return None
    rows = [
        {
            "arm": str(arm.arm),
            "trials": sum(arm.states.values()),
            "failed": arm.states.get("FAIL", 0),
            "pruned": arm.states.get("PRUNED", 0),
            "epochs": arm.epochs,
            "seconds": arm.seconds,
        }
        for arm in totals
    ]
    trials = sum(sum(arm.states.values()) for arm in totals)
    epochs = sum(arm.epochs for arm in totals)
    summary = f"{trials:,} trials trained {epochs:,} epochs in {len(rows)} arms."
    return View("cost", "What the sweep has cost", summary, _COLUMNS, rows)
