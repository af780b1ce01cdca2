"""What each main task gains or loses by sharing."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_search.analysis import formats
from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.measure import unit_of
from mtl_search.analysis.views.view import Column, View

_NOTE = (
    "On the test split, against the tuned single-task network of each task. Intervals are 95 % "
    "intervals of the task alone; p-values are adjusted for the number of tasks by Holm's method, "
    "and a gain is claimed only where the task is ahead of the same network with nothing shared, "
    "too. "
    "Δm is the relative gain of the literature (Maninis et al., CVPR 2019)."
)


def delta_m_by_task(evidence: Evidence) -> View | None:
    """Return a row for each main task; None before a network has been trained on fresh seeds."""
    tasks = task_rows(evidence.record, evidence.tasks, evidence.verdict)
    if not any(row.single is not None or row.shared is not None for row in tasks):
        return None
    unit = unit_of(evidence.verdict.measure)
    rows = [
        {
            "task": row.task,
            "metric": row.metric,
            "single": row.single,
            "twin": row.twin,
            "shared": row.shared,
            "gain": row.gain,
            "low": row.interval[0] if row.interval else None,
            "high": row.interval[1] if row.interval else None,
            "p_value": row.p_value,
            "holds": row.holds,
            "delta_m": row.delta_m,
            "improvement": row.improvement,
        }
        for row in tasks
    ]
    about = {"measure": evidence.verdict.measure, "unit": unit}
    title = "What each task gains by sharing"
    return View("delta_m_by_task", title, _summary(tasks, unit), _columns(unit), rows, _NOTE, about)


def _columns(unit: str) -> list[Column]:
    return [
        Column("task", "task", help="The main task."),
        Column("metric", "metric", help="Its first metric, which selects."),
        Column("single", "single", "number", "The metric of the tuned single-task network."),
        Column("twin", "twin, separate", "number", "Of the recommended network, nothing shared."),
        Column("shared", "shared", "number", "The metric of the recommended network."),
        Column(
            "gain", f"gain ({unit})", "points", f"Gain over the single-task network, in {unit}."
        ),
        Column("low", "from", "points", "Lower end of the gain's 95 % interval."),
        Column("high", "to", "points", "Upper end of the gain's 95 % interval."),
        Column("p_value", "p", "number", "p-value, adjusted by Holm's method."),
        Column("holds", "claimed", "flag", "Whether the gain or the loss is claimed."),
        Column("delta_m", "Δm %", "percent", "Relative gain, the mean over the task's metrics."),
        Column("improvement", "P(better)", "number", "Probability that a run is better."),
    ]


def _summary(tasks: Sequence[TaskRow], unit: str) -> str:
    gains = {row.task: row.gain for row in tasks if row.gain is not None}
    if not gains:
        return f"The gains of {len(tasks)} tasks are not known: one side has no finalists."
    best, worst = max(gains, key=gains.__getitem__), min(gains, key=gains.__getitem__)
    above = sum(gain > 0 for gain in gains.values())
    claimed = sum(bool(row.holds) for row in tasks)
    if len(gains) == 1:
        words = "claimed" if claimed else "not claimed"
        return (
            f"Task {best} gains {formats.percent(gains[best])} {unit} with the shared network; the "
            f"difference is {words}."
        )
    is_claimed = f"for {claimed} the difference is claimed" if claimed else "none is claimed"
    return (
        f"{above} of {len(gains)} tasks are better with the shared network, {is_claimed}. "
        f"Most gains {best} ({formats.percent(gains[best])} {unit}), least {worst} "
        f"({formats.percent(gains[worst])} {unit})."
    )
