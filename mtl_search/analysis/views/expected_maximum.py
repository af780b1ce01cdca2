"""How good the best trial is to be expected after so many epochs of search, for each arm."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.statistics.expected_maximum import expected_maximum as best_of
from mtl_search.analysis.views.parts.trials import Worth, thinned, worth_of
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.trial_record import TrialRecord

_MOST_POINTS = 40  # of one curve
_NOTE = (
    "Expected best of k trials of an arm in random order (Dodge et al. 2019, without its bias), "
    "against the epochs that k trials take on average. A curve that still rises at its end asks "
    "for more trials; one that stays below another at the same epochs is a worse way to spend "
    "them. The values are of the validation split, so part of each curve is luck. {sampler}"
)
_RANDOM = "The sampler was random search, which these curves describe exactly."
_LEARNS = (
    "The sampler {name} learns from its trials, so that the curve says what its trials would be "
    "worth in random order, and is no simulation of a longer search."
)


def expected_maximum(evidence: Evidence) -> View | None:
    """Return curves of the arms with two trials or more; None where there are none."""
    worth = worth_of(evidence)
    values = {row["trial"]: row[worth.name] for row in evidence.rows}
    rows = []
    for arm in SHARED:
        trials = _known(evidence.record.arm(arm), values)
        rows += list(_curve(str(arm), [trials], [1.0], values, worth))
    if worth.name != "objective":  # of one scale for all tasks
        singles = {
            task: _known(evidence.record.arm(ArmName.single(task)), values)
            for task in evidence.tasks
        }
        importance = [evidence.config.tasks[task].importance for task in singles]
        rows += list(_curve("single", list(singles.values()), importance, values, worth))
    if not rows:
        return None
    columns = [
        Column("arm", "arm", help="The arm; single: all single-task arms together."),
        Column("trials", "trials", "count", "Number k of trials; of single for each task."),
        Column("epochs", "epochs", "count", "Epochs that k trials take on average."),
        worth.column,
    ]
    sampler = evidence.config.search.sampler.name
    about = {"measure": worth.name, "sampler": sampler}
    note = _NOTE.format(sampler=_RANDOM if sampler == "random" else _LEARNS.format(name=sampler))
    title = "What more search would bring"
    return View(
        "expected_maximum",
        title,
        _summary(rows, worth, len(evidence.tasks)),
        columns,
        rows,
        note,
        about,
    )


def _known(trials: Sequence[TrialRecord], values: Mapping[str, float]) -> list[TrialRecord]:
    return [trial for trial in trials if trial.is_result and math.isfinite(values[trial.id])]


def _curve(
    arm: str,
    groups: Sequence[Sequence[TrialRecord]],
    weights: Sequence[float],
    values: Mapping[str, float],
    worth: Worth,
) -> Iterator[dict[str, Any]]:
    """Yield the curve of an arm, or the weighted mean of the curves of several."""
    count = min(map(len, groups), default=0)
    total = math.fsum(weights)
    if count < 2 or not total > 0:
        return
    curves = [best_of([values[trial.id] for trial in group])[:count] for group in groups]
    mean_K = np.average(curves, axis=0, weights=weights)
    epochs = math.fsum(
        math.fsum(trial.last_epoch for trial in group) / len(group) for group in groups
    )
    for k in sorted({round(k) for k in _steps(count)}):
        yield {"arm": arm, "trials": k, "epochs": k * epochs, worth.name: float(mean_K[k - 1])}


def _steps(count: int) -> list[float]:
    """Return numbers of trials from 1 to all; of many, closer together at the beginning."""
    if count <= _MOST_POINTS:
        return thinned(list(range(1, count + 1)), _MOST_POINTS)
    return [float(step) for step in np.geomspace(1, count, _MOST_POINTS)]


def _summary(rows: Sequence[Mapping[str, Any]], worth: Worth, tasks: int) -> str:
    ends: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        ends[row["arm"]] = row
    told = [
        f"{arm} {worth.write(row[worth.name])} after {row['trials']:,} trials"
        f"{' a task' if arm == 'single' and tasks > 1 else ''} and "
        f"{round(row['epochs']):,} epochs"
        for arm, row in ends.items()
    ]
    half = []
    for arm, end in ends.items():
        curve = [row for row in rows if row["arm"] == arm]
        middle = min(curve, key=lambda row: abs(row["trials"] - end["trials"] / 2))
        half.append(f"{arm} {worth.write(middle[worth.name])}")
    return (
        f"Best {worth.word} by arm: {'; '.join(told)}. With half of the trials it is expected to "
        f"be: {', '.join(half)}."
    )
