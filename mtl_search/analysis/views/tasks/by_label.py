"""The test scores of each label of a multilabel target, and of each class of several."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.finalists import finalists_of
from mtl_search.analysis.formats.many import few
from mtl_search.analysis.views.view import Column, View
from mtl_search.metrics.definitions import METRICS, Directions, is_higher_better
from mtl_search.metrics.metric_key import POSITIVES
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.item_values import read_label_scores
from mtl_search.storage.trial_record import TrialRecord

# `<task>/<score>` → label → its values, one a seed.
Scores = Mapping[str, Mapping[str, Sequence[float]]]
Row = dict[str, object]

_MOST_TOLD = 3

_COLUMNS = (
    Column("task", "task", help="The main task."),
    Column("label", "label", help="The label of the target, or its class against the others."),
    Column("positives", "in test", "count", "Test samples that have it."),
    Column("score", "score", help="What is measured."),
    Column("single", "single", "number", "Of the tuned single-task network, the mean over seeds."),
    Column("shared", "shared", "number", "Of the recommended network, the mean over seeds."),
    Column("spread", "±", "number", "Standard deviation of the recommended network over seeds."),
)
_NOTE = (
    "On the test split, over the samples whose label is known; a metric over labels is the mean of "
    "its column, where it is no micro or weighted one. Precision is 0 for a label that is never "
    "predicted. A label is left out where the split leaves its score undefined, such as AUROC "
    "where no sample has it. Differences of single labels are not tested: some are luck."
)


def by_label(evidence: Evidence) -> View | None:
    """Return a row for each label and score; None where no target has several labels.

    Sweeps of versions 0.1 and 0.2 have no scores of labels.
    """
    if evidence.folder is None:
        return None
    tasks = evidence.tasks
    best = evidence.verdict.recommended
    shared: Scores = {}
    if best is not None:
        trials = finalists_of(evidence.record, best.arm, best.origin)
        shared = _scores(evidence.folder, trials.values())
    single = _scores(
        evidence.folder,
        chain.from_iterable(evidence.finalists(ArmName.single(task)) for task in tasks),
    )
    rows, undefined = _rows(evidence, single, shared)
    if not rows:
        return None
    summary = _summary(rows, undefined, evidence.record.directions)
    return View("by_label", "Each label by itself", summary, _COLUMNS, rows, note=_NOTE)


def _scores(folder: Path, trials: Iterable[TrialRecord]) -> Scores:
    scores: dict[str, dict[str, list[float]]] = {}
    for trial in trials:
        for key, by_name in read_label_scores(folder, trial.id).items():
            of_key = scores.setdefault(key, {})
            for label, value in by_name.items():
                of_key.setdefault(label, []).append(value)
    return scores


def _rows(evidence: Evidence, single: Scores, shared: Scores) -> tuple[list[Row], list[str]]:
    """Return the rows, and what is undefined in words."""
    rows: list[Row] = []
    undefined: dict[str, list[str]] = {}
    for key in dict.fromkeys([*shared, *single]):
        task, _, score = key.rpartition("/")
        if task not in evidence.tasks or score == POSITIVES:
            continue
        counts = (shared if key in shared else single)[f"{task}/{POSITIVES}"]
        for label in counts:
            alone = _known(single.get(key, {}).get(label, ()))
            together = _known(shared.get(key, {}).get(label, ()))
            if alone or together:
                named = {"task": task, "label": label, "positives": int(counts[label][0])}
                rows.append({**named, "score": score, **_means(alone, together)})
            else:
                undefined.setdefault(f"{label} of {task}", []).append(score)
    return rows, [f"{label} ({', '.join(scores)})" for label, scores in undefined.items()]


def _means(single: list[float], shared: list[float]) -> Row:
    return {
        "single": statistics.fmean(single) if single else None,
        "shared": statistics.fmean(shared) if shared else None,
        "spread": statistics.stdev(shared) if len(shared) > 1 else None,
    }


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _summary(rows: Sequence[Row], undefined: Sequence[str], directions: Directions) -> str:
    tasks = dict.fromkeys(str(row["task"]) for row in rows)
    told = [
        _extremes(task, [row for row in rows if row["task"] == task], directions) for task in tasks
    ]
    text = ". ".join(told[:_MOST_TOLD])
    if len(told) > _MOST_TOLD:
        text += f". The table has the other {formats.counted(len(told) - _MOST_TOLD, 'task')}"
    if undefined:
        text += f". Left out, since the test split leaves them undefined: {few(undefined)}"
    return f"{text}."


def _extremes(task: str, rows: Sequence[Row], directions: Directions) -> str:
    """Say which label of a task is best and which is worst by its first score."""
    score = str(rows[0]["score"])
    network = "shared" if any(row["shared"] is not None for row in rows) else "single"
    values = {
        str(row["label"]): float(str(row[network]))
        for row in rows
        if row["score"] == score and row[network] is not None
    }
    # Precision and recall are no metrics of a task.
    is_loss = score in {*METRICS, *directions} and not is_higher_better(score, directions)
    order = sorted(values, key=lambda label: values[label], reverse=not is_loss)
    best, worst = order[0], order[-1]
    return (
        f"Of {task}, {best} has the best {score} ({formats.number(values[best])}) and {worst} the "
        f"worst ({formats.number(values[worst])})"
    )
