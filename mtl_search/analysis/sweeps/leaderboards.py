"""The best configuration of each arm of each sweep."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from mtl_search.analysis.skills import mean_skill, tasks_of
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.parts.columns import filled
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.trial_record import TrialRecord

_COLUMNS = (
    Column("sweep", "sweep", help="The sweep."),
    Column("arm", "arm", help="The arm that found the configuration."),
    Column("trial", "trial", help="The trial that had it first."),
    Column("skill", "skill, validation", "skill", "At that trial's best epoch."),
    Column("test_skill", "skill, test", "skill", "Mean over fresh seeds."),
    Column("seeds", "seeds", "count", "Number of fresh seeds."),
    Column("delta_m", "Δm %", "percent", "Of that trial, over the sweep's own single tasks."),
    Column("objective", "objective", "number", "As the sweep saw it, where it is not the skill."),
    Column("depth", "depth", help="Sharing depth."),
    Column("lr", "learning rate", "rate", "Learning rate."),
    Column("parameters", "parameters", "count", "Of its network."),
    Column("epochs", "epochs", "count", "Epochs of that trial."),
)


def leaderboards(sweeps: Sequence[Sweep]) -> View | None:
    """Return a row for each arm of each sweep; None where no trial has ended.

    Args:
        sweeps: The sweeps.
    """
    rows = [row for sweep in sweeps for row in _rows(sweep)]
    if not rows:
        return None
    arms = len(dict.fromkeys(row["arm"] for row in rows))
    summary = f"The configurations that speak for {arms} arms in {len(sweeps)} sweeps."
    note = (
        "A configuration speaks for its arm by the validation of its finalists, or without them by "
        "being the best trial. Its validation skill was selected, its test skill was not."
    )
    return View(
        "leaderboards", "Best of each arm", summary, filled(_COLUMNS, rows), rows, note=note
    )


def _rows(sweep: Sweep) -> list[dict[str, Any]]:
    evidence = sweep.evidence
    known = {row["trial"]: row for row in evidence.rows}
    rows = []
    for trial in evidence.winners():
        finalists = evidence.finalists(trial.arm)
        rows.append(
            {
                "sweep": sweep.label,
                "arm": str(trial.arm),
                **{name: known[trial.id][name] for name in _COPIED},
                "objective": None if _is_skill(sweep) else known[trial.id]["objective"],
                "test_skill": _test_skill(sweep, trial, finalists),
                "seeds": len(finalists) or None,
            }
        )
    return rows


_COPIED = ("trial", "skill", "delta_m", "depth", "lr", "parameters", "epochs")


def _is_skill(sweep: Sweep) -> bool:
    """Return whether the objective is the skill, which stands beside it."""
    evidence = sweep.evidence
    is_ours = not evidence.record.custom_objective and bool(evidence.record.scales)
    return is_ours and evidence.config.search.objective == "skill"


def _test_skill(sweep: Sweep, trial: TrialRecord, finalists: Sequence[TrialRecord]) -> float | None:
    record, config, tasks = sweep.evidence.record, sweep.evidence.config, sweep.evidence.tasks
    own = tasks_of(trial, tasks)
    skills = [mean_skill(record, config, own, finalist.test, "test") for finalist in finalists]
    known = [skill for skill in skills if math.isfinite(skill)]
    return statistics.fmean(known) if known else None
