"""Trade-offs between the tasks among the trials that share."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.statistics.ranks import rank_correlation
from mtl_search.analysis.summary import ParetoFront, ParetoPoints, pareto_points
from mtl_search.analysis.views.view import Column, View

_MOST_CELLS = 40_000  # above, the trials that are furthest from the front are left out
_MOST_PAIRED_TASKS = 12
_AGAINST = {
    "single": "its best single-task trial",
    "best": "the best value that any of these trials reached",
}
_REFERENCE = {
    "single": "the best single-task trials",
    "best": "the best values that any of these trials reached",
}
_NOTE = (
    "On the validation split, so the best points are also lucky ones. A trial is on the front "
    "where no other trial is at least as good in every task and better in one."
)


def pareto(evidence: Evidence) -> View | None:
    """Return the gains by task of the trials of `equal` and `search`; None for a single task."""
    reference = validation_reference(evidence.record, evidence.tasks)
    points = pareto_points(evidence.record, evidence.tasks, reference)
    if points is None:
        return None
    front = points.summary()
    rows = _rows(evidence, points)
    about = {
        "hypervolume": front.hypervolume,
        "points": front.points,
        "on_front": len(front.trials),
        "left_out": front.points - len(rows),
        "against": front.against,
        "tasks": list(points.tasks),
        "opposed": _opposed(points),
    }
    title = "Trade-offs between the tasks"
    summary = _summary(points, front)
    return View("pareto", title, summary, _columns(points), rows, _note(points, about), about)


def _summary(points: ParetoPoints, front: ParetoFront) -> str:
    means = points.gains.mean(axis=1)
    best = int(means.argmax())
    mean, worst = float(means[best]), float(points.gains[best].min())
    reference = _REFERENCE[front.against]
    text = (
        f"{len(front.trials)} of {front.points} trials that share are on the Pareto front of "
        f"{len(points.tasks)} tasks. The best on average, {points.trials[best]}, "
    )
    text += f"has a Δm of {formats.percent(mean)} % against {reference}"
    return f"{text}; its worst task has {formats.percent(worst)} %."


def _columns(points: ParetoPoints) -> list[Column]:
    against = _AGAINST[points.against]
    return [
        Column("trial", "trial", help="The trial."),
        Column("arm", "arm", help="Its arm."),
        Column("on_front", "on the front", "flag", "Whether no other trial beats it."),
        Column("mean", "Δm %", "percent", f"Mean relative gain of the tasks over {against}."),
        Column("worst", "worst task's Δm %", "percent", "That of the task that gains least."),
        Column("worst_task", "worst task", help="The task that gains least."),
        *(
            Column(f"gain/{task}", f"{task}, Δm %", "percent", f"Of {task}, over {against}.")
            for task in points.tasks
        ),
    ]


def _rows(evidence: Evidence, points: ParetoPoints) -> list[dict[str, Any]]:
    """Return a row a trial: those on the front first, then by the mean gain."""
    means = points.gains.mean(axis=1)
    order = np.lexsort([-means, ~points.on_front])
    most = max(20, _MOST_CELLS // len(points.tasks))
    rows = []
    for index in order[:most].tolist():
        gains = points.gains[index]
        worst = int(gains.argmin())
        row = {
            "trial": points.trials[index],
            "arm": str(evidence.record.trials[points.trials[index]].arm),
            "on_front": bool(points.on_front[index]),
            "mean": float(means[index]),
            "worst": float(gains[worst]),
            "worst_task": points.tasks[worst],
        }
        row |= {f"gain/{t}": v for t, v in zip(points.tasks, gains.tolist(), strict=True)}
        rows.append(row)
    return rows


def _opposed(points: ParetoPoints) -> list[str]:
    """Return the two tasks whose gains go together least over the trials."""
    tasks, gains_ND = points.tasks, points.gains
    if len(tasks) == 2 or len(tasks) > _MOST_PAIRED_TASKS:
        return list(tasks[:2])
    pairs = [(a, b) for a in range(len(tasks)) for b in range(a + 1, len(tasks))]
    together = {
        (a, b): value
        for a, b in pairs
        if (value := rank_correlation(gains_ND[:, a], gains_ND[:, b])) is not None
    }
    a, b = min(together, key=together.__getitem__, default=(0, 1))
    return [tasks[a], tasks[b]]


def _note(points: ParetoPoints, about: dict[str, Any]) -> str:
    note = (
        f"Δm is the relative gain by the first metric of each task, over "
        f"{_AGAINST[points.against]}. "
    )
    note += _NOTE
    if about["hypervolume"] is not None:
        note += f" Hypervolume above a Δm of -100 %: {about['hypervolume']:.3f}; the "
        note += "reference alone spans 1."
    if about["left_out"]:
        note += f" {about['left_out']:,} trials with the lowest Δm are left out."
    return note
