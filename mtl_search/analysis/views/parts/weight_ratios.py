"""Loss weights of trials as ratios to the weight of one task, as they are searched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis.evidence import Evidence

_PATH = "tasks.{}.loss_weight"
_VARIED = 1.01  # less is the rounding of normalised weights


def reference_task(evidence: Evidence) -> str | None:
    """Return the task that ratios are relative to: that of the space, or else the first task."""
    for entry in evidence.config.search.space.values():
        if entry.reference is not None:
            return entry.reference
    return next(iter(evidence.config.tasks), None)


def weight_ratios(evidence: Evidence, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Return the ratio of each task's loss weight to that of the reference task, by row.

    Of static weights it is the ratio that was drawn, of adaptive ones that of the mean weights over
    epochs. NaN where a weight is not known or not above 0. Tasks whose ratio is always the same are
    left out.

    Args:
        evidence: What is known of the sweep.
        rows: Rows of the leaderboard.
    """
    reference = reference_task(evidence)
    ratios = {}
    for task in evidence.config.tasks:
        if task == reference:
            continue
        own = [_ratio(evidence, row, task, reference) for row in rows]
        known = [value for value in own if math.isfinite(value)]
        if known and max(known) > _VARIED * min(known):
            ratios[task] = own
    return ratios


def _ratio(evidence: Evidence, row: Mapping[str, Any], task: str, reference: str | None) -> float:
    trial = evidence.record.trials[row["trial"]]
    drawn = trial.params.get(_PATH.format(task))
    is_ratio = _PATH.format(reference) not in trial.params
    if is_ratio and isinstance(drawn, float | int) and not trial.info.get("adaptive", False):
        return float(drawn) if drawn > 0 else math.nan
    own, other = row[f"weight/{task}"], row.get(f"weight/{reference}", math.nan)
    return own / other if own > 0 and other > 0 else math.nan
