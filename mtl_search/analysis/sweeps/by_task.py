"""What each main task gains in each sweep, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.measure import unit_of
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.parts.columns import filled
from mtl_search.analysis.views.view import Column, View

_COLUMNS = (
    Column("task", "task", help="Main task of at least one sweep."),
    Column("sweep", "sweep", help="The sweep."),
    Column("metric", "metric", help="The metric by which the task counts."),
    Column("single", "single", "number", "Mean of the tuned single-task networks (test split)."),
    Column("shared", "shared", "number", "Mean of the recommended network (test split)."),
    Column("gain", "gain", "points", "Of the shared over the single, in the sweep's measure."),
    Column("low", "from", "points", "Lower end of its 95 % interval, of this task alone."),
    Column("high", "to", "points", "Upper end."),
    Column("unit", "unit", help="Unit of the gain: points of skill, or % of Δm."),
    Column("only", "where", help="Which sweeps have the task, where not all have."),
)


def by_task(sweeps: Sequence[Sweep]) -> View | None:
    """Return a row for each main task and sweep; None where no sweep has one to show.

    A task that a sweep does not have leaves its numbers empty.

    Args:
        sweeps: The sweeps.
    """
    tables = [_rows_of(sweep) for sweep in sweeps]
    tasks = list(dict.fromkeys(task for table in tables for task in table))
    if not tasks:
        return None
    rows = []
    for task in tasks:
        having = [s.label for s, table in zip(sweeps, tables, strict=True) if task in table]
        only = f"only {', '.join(having)}" if len(having) < len(sweeps) else None
        for sweep, table in zip(sweeps, tables, strict=True):
            if task in table:
                rows.append({**_row(sweep, table[task]), "only": only})
    shared = sum(all(task in table for table in tables) for task in tasks)
    alone = len(tasks) - shared
    summary = f"{shared} of {len(tasks)} main tasks are in all sweeps" + (
        f", {alone} are not." if alone else "."
    )
    return View("by_task", "Gains by task, side by side", summary, filled(_COLUMNS, rows), rows)


def _row(sweep: Sweep, row: TaskRow) -> dict[str, Any]:
    low, high = row.interval or (None, None)
    unit = unit_of(sweep.evidence.verdict.measure)
    return {
        "task": row.task,
        "sweep": sweep.label,
        "metric": row.metric,
        "single": row.single,
        "shared": row.shared,
        "gain": row.gain,
        "low": low,
        "high": high,
        "unit": None if row.gain is None else unit,
    }


def _rows_of(sweep: Sweep) -> dict[str, TaskRow]:
    evidence = sweep.evidence
    rows = task_rows(evidence.record, evidence.tasks, evidence.verdict)
    return {row.task: row for row in rows}
