"""The objective of each trial in the order in which they began, and the best so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.parts.trials import results
from mtl_search.analysis.views.view import Column, View

_NOTE = (
    "Objective as the sampler saw it, on the validation split: best epoch of each trial. Of "
    "single-task arms it is that of their own task. Failed trials and members of populations are "
    "left out."
)


def history(evidence: Evidence) -> View | None:
    """Return the trials of the arms that search, by number; None before the first epoch."""
    rows: list[dict[str, Any]] = []
    for arm in evidence.arms:
        best = float("-inf")
        for trial in results(evidence, arm):
            best = max(best, trial.best_objective)
            rows.append(
                {
                    "arm": str(arm),
                    "number": trial.number,
                    "trial": trial.id,
                    "state": trial.state,
                    "role": trial.role,
                    "objective": trial.best_objective,
                    "best": best,
                }
            )
    if not rows:
        return None
    columns = [
        Column("arm", "arm", help="The arm."),
        Column("number", "number", "count", "Number within its arm, from 0."),
        Column("trial", "trial", help="The trial."),
        Column("state", "state", help="COMPLETE, or PRUNED where the scheduler stopped it."),
        Column("role", "role", help="offered where it tries settings of another arm."),
        Column("objective", "objective", "number", "Objective at its best epoch."),
        Column("best", "best so far", "number", "Best objective of the arm so far."),
    ]
    title = "Progress of the search"
    return View("history", title, _summary(rows), columns, rows, _NOTE)


def _summary(rows: Sequence[Mapping[str, Any]]) -> str:
    by_arm: dict[str, list[float]] = {}
    for row in rows:
        by_arm.setdefault(row["arm"], []).append(row["objective"])
    shown = [arm for arm in ("equal", "search") if arm in by_arm] or list(by_arm)[:3]
    told = []
    for arm in shown:
        best = max(by_arm[arm])
        place = by_arm[arm].index(best) + 1
        told.append(
            f"{arm} found its best objective, {formats.number(best)}, with trial {place:,} of "
            f"{len(by_arm[arm]):,}"
        )
    return f"{'; '.join(told)}."
