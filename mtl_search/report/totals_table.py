"""What each arm of a sweep took, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from mtl_search.analysis.references import Tasks
from mtl_search.analysis.summary import ArmTotals, arm_totals
from mtl_search.report import formats
from mtl_search.report.tables import Column, fitted
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord

_STATES = ("COMPLETE", "RUNNING", "PRUNED", "FAIL")  # in the order of their columns
_MOST_TASK_ROWS = 4
_NO_TASKS = ("", "warmup", "final")  # families of arms that are not one a task


def print_totals(
    record: SweepRecord, tasks: Tasks, ranks: dict[str, float], console: Console
) -> None:
    """Print what each arm took; nothing where no trial has begun.

    Args:
        record: The sweep.
        tasks: The main tasks, with their metrics.
        ranks: Kind of a finalist → its mean rank.
        console: The console to print to.
    """
    totals = _merged(arm_totals(record, tasks))
    if not totals:
        return

    def states(state: str) -> Sequence[str]:
        return [str(total.states.get(state, "")) for total in totals]

    columns = [
        Column("arm", [total.arm for total in totals], right=False),
        Column("trials", [str(sum(total.states.values())) for total in totals]),
        *(Column(state.lower(), states(state), 50) for state in _STATES),
        Column("epochs", [str(total.epochs) for total in totals], 60),
        Column("seconds", [formats.seconds(total.seconds) for total in totals], 70),
        Column("mean rank (test)", [_rank(total.arm, ranks) for total in totals], 40),
    ]
    console.print(fitted("What each arm took", columns, console))


def _merged(totals: list[ArmTotals]) -> list[ArmTotals]:
    """Merge arms of one kind into a row where each of many tasks has one."""
    rows: list[ArmTotals] = []
    for family in ("single", "warmup", "", "final/single", "final", "final/without"):
        part = [total for total in totals if total.arm.rpartition("/")[0] == family]
        if family in _NO_TASKS or len(part) <= _MOST_TASK_ROWS:
            rows += part
            continue
        states = sum((Counter(total.states) for total in part), Counter[str]())
        epochs = sum(total.epochs for total in part)
        seconds = sum(total.seconds for total in part)
        rows.append(ArmTotals(f"{family} ({len(part)} tasks)", dict(states), epochs, seconds))
    return rows


def _rank(arm: str, ranks: dict[str, float]) -> str:
    # Only finalists are ranked. The single-task finalists share one rank, shown in each of their
    # rows.
    name = ArmName(arm)
    kind = name.base.split("/")[0].split(" ")[0]  # a merged row is called "single (12 tasks)"
    if not name.is_final or kind not in ranks:
        return ""
    return f"{ranks[kind]:.2f}"
