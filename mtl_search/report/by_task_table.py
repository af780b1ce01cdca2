"""What each main task gains or loses by sharing, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from mtl_search.analysis import formats
from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.verdict import Verdict
from mtl_search.report.tables import Column, fitted
from mtl_search.storage.records import SweepRecord

_TITLE = "By task (test split; p by Holm's method)"
_REFERENCES = {"linear": "linear\nmodel", "gradient_boosting": "gradient\nboosting"}


def print_tasks(record: SweepRecord, tasks: Tasks, verdict: Verdict, console: Console) -> None:
    """Print one row a main task; nothing where no network has finalists.

    Args:
        record: The sweep.
        tasks: The main tasks, with their metrics.
        verdict: The sweep's verdict.
        console: The console to print to.
    """
    rows = task_rows(record, tasks, verdict)
    if any(row.single is not None or row.shared is not None for row in rows):
        console.print(fitted(_TITLE, _columns(rows, verdict), console))


def _columns(rows: Sequence[TaskRow], verdict: Verdict) -> list[Column]:
    def numbers(value: Callable[[TaskRow], float | None], digits: int = 4) -> list[str]:
        return [formats.number(value(row), digits) for row in rows]

    gain = "skill gain\n(points)" if verdict.measure == "skill" else "Δm %\n"
    delta_m = []
    if verdict.measure == "skill":
        delta_m = [Column("Δm %", [formats.percent(row.delta_m) for row in rows], 70)]
    return [
        Column("task", [row.task for row in rows], right=False),
        Column("metric", [row.metric for row in rows], 80, right=False),
        Column("constant", numbers(lambda row: row.trivial), 75),
        Column("single", numbers(lambda row: row.single), 90),
        Column("twin,\nseparate", numbers(lambda row: row.twin), 65),
        Column("shared", numbers(lambda row: row.shared), 89),
        Column(gain, [_gain(row) for row in rows], 88),
        Column("p", [_p_value(row) for row in rows], 86),
        *delta_m,
        Column("P(better)\na run", numbers(lambda row: row.improvement, 2), 50),
        *(_reference_column(model, header, rows) for model, header in _REFERENCES.items()),
    ]


def _reference_column(model: str, header: str, rows: Sequence[TaskRow]) -> Column:
    return Column(header, [formats.number(row.references.get(model)) for row in rows], 60)


def _gain(row: TaskRow) -> str:
    return "" if row.gain is None else formats.points(row.gain, row.interval)


def _p_value(row: TaskRow) -> str:
    """Show the adjusted p-value, with a star where the gain or loss is claimed."""
    if row.p_value is None:
        return ""
    text = "<0.001" if row.p_value < 0.001 else f"{row.p_value:.3f}"
    return f"{text}*" if row.holds else text
