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
    others = [task for task in evidence.config.tasks if task != reference]
    by_row = [_ratios(evidence, row, others, reference) for row in rows]
    ratios = {}
    for task, own in zip(others, zip(*by_row, strict=True), strict=False):
        known = [value for value in own if math.isfinite(value)]
        if known and max(known) > _VARIED * min(known):
            ratios[task] = list(own)
    return ratios


def _ratios(
    evidence: Evidence, row: Mapping[str, Any], tasks: Sequence[str], reference: str | None
) -> list[float]:
    trial = evidence.record.trials[row["trial"]]
    params = trial.params
    # Of a space that draws the weights themselves, the reference has one, too.
    has_ratios = _PATH.format(reference) not in params and not trial.info.get("adaptive", False)
    base = row.get(f"weight/{reference}", math.nan)
    ratios = []
    for task in tasks:
        drawn = params.get(_PATH.format(task)) if has_ratios else None
        own = row[f"weight/{task}"] / base if drawn is None and base > 0 else drawn
        # What is drawn from a list of choices may be of any type.
        ratios.append(float(own) if isinstance(own, float | int) and own > 0 else math.nan)
    return ratios
