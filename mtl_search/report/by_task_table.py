"""What each main task gains or loses by sharing, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text

from mtl_search.analysis import formats
from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.formats.many import extremes, is_many, quartiles
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
    if not any(row.single is not None or row.shared is not None for row in rows):
        return
    print_rows(rows, verdict, console)


def print_rows(rows: Sequence[TaskRow], verdict: Verdict, console: Console) -> None:
    """Print these rows, or of very many a summary with the best and the worst.

    Args:
        rows: One row a main task.
        verdict: The sweep's verdict.
        console: The console to print to.
    """
    if not is_many(rows):
        console.print(fitted(_TITLE, _columns(rows, verdict), console))
        return
    title = f"Over {len(rows)} tasks (test split)"
    console.print(fitted(title, _summary(rows, verdict), console))
    best, worst = extremes(rows, lambda row: row.gain)
    if best or worst:
        title = f"The {len(best)} best and {len(worst)} worst by gain (p by Holm's method)"
        table = fitted(title, _columns([*best, *worst], verdict), console, [len(best) - 1])
        console.print(table)
    more = "All tasks: mtl-search report SWEEP --html FILE, --csv FOLDER or --json FILE."
    console.print(Text(more, style="dim"))


def _summary(rows: Sequence[TaskRow], verdict: Verdict) -> list[Column]:
    """Return mean and quartiles of what is known of the tasks, one row each."""
    values: dict[str, Callable[[TaskRow], float | None]] = {
        "constant": lambda row: row.trivial,
        "single": lambda row: row.single,
        "twin,\nseparate": lambda row: row.twin,
        "shared": lambda row: row.shared,
        _gain_title(verdict): lambda row: row.gain,
        "Δm %": lambda row: row.delta_m,
        "P(better)\na run": lambda row: row.improvement,
    }
    if len({row.metric for row in rows}) > 1:  # no mean of accuracies and errors
        for name in ("constant", "single", "twin,\nseparate", "shared"):
            del values[name]
    of_each = {name: quartiles(map(value, rows)) for name, value in values.items()}
    names = next((list(summary) for summary in of_each.values() if summary), [])
    columns = [Column("", names, right=False)]
    for name, summary in of_each.items():
        show = formats.percent if name in (_gain_title(verdict), "Δm %") else formats.number
        columns.append(Column(name, [show(summary[row]) if summary else "" for row in names]))
    gains = [row.gain for row in rows if row.gain is not None]
    if gains and names:
        counts = [f"{sum(gain > 0 for gain in gains)} of {len(gains)}", *[""] * (len(names) - 1)]
        columns.append(Column("tasks that\ngain", counts))
    return columns


def _gain_title(verdict: Verdict) -> str:
    return "skill gain\n(points)" if verdict.measure == "skill" else "Δm %\n"


def _columns(rows: Sequence[TaskRow], verdict: Verdict) -> list[Column]:
    def numbers(value: Callable[[TaskRow], float | None], digits: int = 4) -> list[str]:
        return [formats.number(value(row), digits) for row in rows]

    gain = _gain_title(verdict)
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
