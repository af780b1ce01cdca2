"""Is early stopping fair? How well early epochs foretell the end, for each task."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.skills import tasks_of
from mtl_search.analysis.statistics.ranks import rank_correlation
from mtl_search.analysis.summary import rung_correlations
from mtl_search.analysis.views.view import Column, View
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.trial_record import TrialRecord

OBJECTIVE = "objective"
_FEWEST = 4
_FEW = 6
_LOW = 0.5
_COLUMNS = (
    Column("arm", "arm", help="The arm."),
    Column("epoch", "epoch", "count", "Epoch at which trials were stopped."),
    Column("of", "of", help="The objective, or the task whose first metric it is."),
    Column("correlation", "rank correlation", "number", "Spearman's, of then with the end."),
    Column("trials", "trials", "count", "Number of trials that went on to the end."),
)
_NOTE = (
    "Rank correlation (Spearman) of an epoch at which the scheduler stopped trials with the end, "
    "over the trials that went on: 1 where the order stays, 0 where it says nothing. Of the "
    "objective: the best so far; of a task: its first metric, with that of the trial's best epoch. "
    "The scheduler looks at the objective alone, so a task far below it is slow, and stopping is "
    "unfair to trials that would have served it. Trials that went on are the better ones, which "
    "lowers the correlation."
)


def rungs(evidence: Evidence) -> View | None:
    """Return the rank correlations of arms with stopped trials; None where no trial was stopped."""
    rows: list[dict[str, Any]] = []
    for rung in rung_correlations(evidence.record, evidence.tasks):
        rows.append(_row(rung.arm, rung.epoch, OBJECTIVE, rung.spearman, rung.trials))
        complete = [t for t in evidence.record.arm(rung.arm) if t.state == "COMPLETE"]
        rows += _by_task(evidence, rung.arm, rung.epoch, complete)
    if not rows:
        return None
    title = "Is early stopping fair to slow tasks?"
    return View("rungs", title, _summary(rows), _COLUMNS, rows, _NOTE)


def _row(arm: str, epoch: int, of: str, value: float | None, trials: int) -> dict[str, Any]:
    return {"arm": str(arm), "epoch": epoch, "of": of, "correlation": value, "trials": trials}


def _by_task(
    evidence: Evidence, arm: str, epoch: int, trials: Sequence[TrialRecord]
) -> list[dict[str, Any]]:
    tasks = tasks_of(trials[0], evidence.tasks)
    if len(tasks) < 2:
        return []
    then_and_end = [
        (then.metrics, trial.best.metrics)
        for trial in trials
        if trial.best and (then := _epoch(trial, epoch)) is not None
    ]
    rows = []
    for task, metrics in tasks.items():
        key = metric_key("val", task, metrics[0]) if metrics else ""
        pairs = [(a[key], b[key]) for a, b in then_and_end if key in a and key in b]
        if len(pairs) >= _FEWEST:
            value = rank_correlation(*zip(*pairs, strict=True))
            rows.append(_row(arm, epoch, task, value, len(pairs)))
    return rows


def _epoch(trial: TrialRecord, number: int) -> Any:
    # Epochs follow one another from 1, but for trials whose journal lost some.
    place = number - 1
    if place < len(trial.epochs) and trial.epochs[place].epoch == number:
        return trial.epochs[place]
    return next((epoch for epoch in trial.epochs if epoch.epoch == number), None)


def _summary(rows: Sequence[Mapping[str, Any]]) -> str:
    known = [row for row in rows if row["correlation"] is not None]
    if not known:
        return "The trials that went on do not differ, so that nothing can be told of stopping."
    objectives = [row["correlation"] for row in known if row["of"] == OBJECTIVE]
    text = ""
    if objectives:
        low, high = min(objectives), max(objectives)
        ends = (
            f"{formats.signed(low, 2)} to {formats.signed(high, 2)}"
            if low < high
            else f"{formats.signed(low, 2)}"
        )
        text = (
            f"Where trials were stopped, the ranks of the objective have a correlation of {ends} "
        )
        text += "with the end. "
    by_task: dict[str, list[float]] = {}
    for row in known:
        if row["of"] != OBJECTIVE:
            by_task.setdefault(row["of"], []).append(row["correlation"])
    means = {task: statistics.fmean(values) for task, values in by_task.items()}
    if means:
        worst = min(means, key=means.__getitem__)
        slow = sum(value < _LOW for value in means.values())
        text += (
            f"Of {len(means)} tasks {slow} are below {formats.signed(_LOW, 2)} on average; "
            f"least foretold is {worst} ({formats.signed(means[worst], 2)}). "
        )
    fewest = min(row["trials"] for row in known)
    if fewest < _FEW:
        text += f"With as few as {fewest} trials much of this is chance."
    return text.strip()
