"""Which task helps which: lookahead affinities, averaged over steps, epochs and trials."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping
from functools import partial

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.trial_record import TrialRecord

_COLUMNS = (
    Column("from", "step for", help="The task that takes a step."),
    Column("to", "loss of", help="The task whose loss is measured; others is their mean."),
    Column("affinity", "affinity", "number", "Part of the loss that the step takes away."),
    Column(
        "relative", "of its own", "number", "Affinity over what a step for the task itself does."
    ),
    Column("epochs", "epochs", "count", "Epochs of all trials that it was measured in."),
)
_NOTE = (
    "Affinity of task i to j: 1 - L_j after a step of gradient descent on the shared parameters "
    "for task i alone, over L_j before it, on the same batch (Fifty et al. 2021, TAG, equation 1). "
    "Above 0 the step helps j, below 0 it harms it. The size depends on the learning rate; the "
    "column 'of its own' does not, to first order. It tells of single steps, and not of what the "
    "trained network gains: for that a task must be left out (search.finalists.leave_one_out). "
    "With more than 8 tasks each epoch logs what tasks give and receive on average, and its five "
    "highest and lowest pairs: these are not all pairs, and their "
    "means are over the epochs in which they stood out."
)
_PREFIXES = ("train/affinity/", "train/affinity_from/", "train/affinity_to/")
OTHERS = "others"


def affinity(evidence: Evidence) -> View | None:
    """Return the mean affinity of each pair that was logged; None where none was."""
    tasks = {task: place for place, task in enumerate(evidence.config.tasks)}
    values = _values(evidence.record, tasks)
    if not values:
        return None
    means = {pair: statistics.fmean(found) for pair, found in values.items()}
    rows = [
        {
            "from": a,
            "to": b,
            "affinity": means[a, b],
            "relative": means[a, b] / means[b, b] if means.get((b, b), 0.0) > 0 else None,
            "epochs": len(values[a, b]),
        }
        for a, b in sorted(means, key=partial(_place, tasks))
    ]
    return View("affinity", "Which task helps which?", _summary(means), _COLUMNS, rows, note=_NOTE)


def _values(
    trials: Iterable[TrialRecord], tasks: Collection[str]
) -> dict[tuple[str, str], list[float]]:
    values: dict[tuple[str, str], list[float]] = {}
    for trial in trials:
        for epoch in trial.epochs:
            for key, value in epoch.metrics.items():
                if key.startswith(_PREFIXES) and (pair := _pair_of(key, tasks)):
                    values.setdefault(pair, []).append(value)
    return values


def _pair_of(key: str, tasks: Collection[str]) -> tuple[str, str] | None:
    """Return which tasks a metric is about; None where they are not those of the sweep."""
    # All pairs are not written down before: those of 600 tasks are 360,000.
    _, kind, rest = key.split("/", 2)
    pair = {
        "affinity_from": (rest, OTHERS),
        "affinity_to": (OTHERS, rest),
    }.get(kind)
    if pair is not None:
        return pair if rest in tasks else None
    first, _, second = rest.partition("/")
    return (first, second) if first in tasks and second in tasks else None


def _place(tasks: Mapping[str, int], pair: tuple[str, str]) -> tuple[int, int, int]:
    """Return what rows are sorted by: pairs by the order of the tasks, then means over others."""
    first, second = pair
    group = 2 if first == OTHERS else 1 if second == OTHERS else 0
    return (group, tasks.get(first, 0), tasks.get(second, 0))


def _summary(means: dict[tuple[str, str], float]) -> str:
    between = {pair: z for pair, z in means.items() if pair[0] != pair[1] and OTHERS not in pair}
    if not between:
        return "No step for one task was measured on another one."
    harmful = sum(z < 0 for z in between.values())
    best = max(between, key=lambda pair: between[pair])
    worst = min(between, key=lambda pair: between[pair])
    return (
        f"Steps for one task raise the loss of another in {harmful} of {len(between)} pairs. "
        f"The highest affinity is that of {best[0]} to {best[1]} ({100 * between[best]:+.2g} % of "
        f"its loss), the lowest that of {worst[0]} to {worst[1]} ({100 * between[worst]:+.2g} %)."
    )
