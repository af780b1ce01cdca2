"""Do the tasks pull shared stages in one direction: cosines of their gradients, by epoch."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.trial_record import TrialRecord

_COLUMNS = (
    Column("arm", "arm", help="The arm whose best trial was measured."),
    Column("trial", "trial", help="Id of the trial."),
    Column("stage", "stage", help="Number of the shared stage from the input, or all of them."),
    Column("epoch", "epoch", "count", "The epoch, from 1, or the first of several."),
    Column("pair", "tasks", help="Two tasks; mean: of all pairs; conflict: their share below 0."),
    Column("cosine", "cosine", "number", "1: same direction, 0: at right angles, -1: opposed."),
)
_NOTE = (
    "The cosine between the gradients of two tasks with respect to the parameters of a shared "
    "stage, on up to four steps of each epoch, before loss weights. Two tasks conflict where it is "
    "negative (Yu et al. 2020, PCGrad). Rows named conflict have the share of pairs that conflict. "
    "With more than 4 tasks pairs are shown for all stages together, with more than 8 only those "
    "that were among the five lowest of an epoch. Trials of more than 20 epochs are shown by means "
    "of as many blocks."
)
_PREFIX = "train/cosine/"
_TOTALS = ("mean", "conflict")
_ALL = "all"
# So that the table stays readable: of longer trials blocks of epochs are averaged, and of more
# tasks the pairs are shown for all stages together.
_MOST_BLOCKS = 20
_MOST_TASKS = 4


def gradient_conflict(evidence: Evidence) -> View | None:
    """Return the cosines of the trials that speak for each arm; None where none were logged."""
    tasks = set(evidence.config.tasks)
    rows = [row for trial in evidence.winners() for row in _rows(trial, tasks)]
    if not rows:
        return None
    best = evidence.verdict.recommended
    measured = [row["arm"] for row in rows]
    arm = str(best.arm) if best and str(best.arm) in measured else str(measured[-1])
    return View(
        "gradient_conflict",
        "Do the tasks pull in one direction?",
        _summary([row for row in rows if row["arm"] == arm], arm),
        _COLUMNS,
        rows,
        note=_NOTE,
        about={"arm": arm},
    )


def _rows(trial: TrialRecord, tasks: Collection[str]) -> Iterator[dict[str, object]]:
    # stage → pair → values, by block of epochs
    blocks: dict[int, dict[tuple[str, str], list[float]]] = {}
    length = -(-len(trial.epochs) // _MOST_BLOCKS)
    for number, epoch in enumerate(trial.epochs):
        block = blocks.setdefault(number - number % length, {})
        for key, value in epoch.metrics.items():
            if key.startswith(_PREFIX):
                stage, _, pair = key.removeprefix(_PREFIX).partition("/")
                if name := _name_of(pair, tasks):
                    block.setdefault((stage, name), []).append(value)
    has_all = any(stage == _ALL for block in blocks.values() for stage, _ in block)
    for first, block in blocks.items():
        for (stage, pair), values in block.items():
            if pair not in _TOTALS and len(tasks) > _MOST_TASKS and has_all and stage != _ALL:
                continue
            yield {
                "arm": str(trial.arm),
                "trial": trial.id,
                "stage": stage,
                "epoch": trial.epochs[first].epoch,
                "pair": pair,
                "cosine": math.fsum(values) / len(values),
            }


def _name_of(pair: str, tasks: Collection[str]) -> str:
    """Return what a pair of the sweep's tasks is called, or a total; empty for anything else."""
    # All pairs are not written down before: those of 600 tasks are 180,000.
    first, _, second = pair.partition("/")
    if first in tasks and second in tasks:
        return f"{first} and {second}"
    return pair if pair in _TOTALS else ""


def _summary(mine: list[dict[str, object]], arm: str) -> str:
    """Say how often tasks conflict in the stage where they do most, and which pair does."""
    shares = _means([row for row in mine if row["pair"] == "conflict"], "stage")
    pairs = _means([row for row in mine if row["pair"] not in _TOTALS], "pair")
    stage = max(shares, key=lambda name: shares[name])
    where = "all stages together" if stage == "all" else f"stage {stage}"
    share = f"{100 * shares[stage]:.0f} %"
    text = f"In the best trial of arm {arm}, {share} of the pairs conflict in {where}."
    if pairs:
        lowest = min(pairs, key=lambda name: pairs[name])
        text += f" The lowest mean cosine is that of {lowest}, {formats.fixed(pairs[lowest], 2)}."
    return text


def _means(rows: list[dict[str, object]], by: str) -> dict[str, float]:
    groups: dict[str, list[float]] = {}
    for row in rows:
        groups.setdefault(str(row[by]), []).append(float(str(row["cosine"])))
    return {name: math.fsum(values) / len(values) for name, values in groups.items()}
