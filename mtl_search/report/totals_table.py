"""What each arm of a sweep took, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from mtl_search.analysis import formats
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.selection import SelectionFloor
from mtl_search.analysis.summary import ArmTotals, arm_totals
from mtl_search.analysis.views.parts.packs import packs_sentence
from mtl_search.report.tables import Column, fitted
from mtl_search.storage.records import SweepRecord

_STATES = ("COMPLETE", "RUNNING", "PRUNED", "FAIL")  # in the order of their columns
_MOST_TASK_ROWS = 4
_FINAL = ("final/single", "final", "final/twin", "final/without")
_FAMILIES = ("single", "warmup", "", *_FINAL, "split/single", "split", "split/twin")
# Families of arms that are not one a task.
_NO_TASKS = ("", "warmup", "final", "final/twin", "split", "split/twin")


_FLOOR_NOTE = (
    "Selection floor: by so much the best of as many trials would stand above their mean, if noise "
    "were all."
)


def print_totals(
    record: SweepRecord, tasks: Tasks, floors: Sequence[SelectionFloor], console: Console
) -> None:
    """Print what each arm took; nothing where no trial has begun.

    Args:
        record: The sweep.
        tasks: The main tasks, with their metrics.
        floors: What luck alone would show of each arm.
        console: The console to print to.
    """
    totals = _merged(arm_totals(record, tasks))
    if not totals:
        return

    def states(state: str) -> Sequence[str]:
        return [str(total.states.get(state, "")) for total in totals]

    occurring = {state for total in totals for state in total.states}
    shown_states = [] if occurring == {"COMPLETE"} else _STATES
    floor_of: dict[str, SelectionFloor] = {floor.arm: floor for floor in floors}
    shown = [floor_of.get(total.arm) for total in totals]
    by_luck = [f"{f.floor:.4f}" if f and f.floor is not None else "" for f in shown]
    columns = [
        Column("arm", [total.arm for total in totals], right=False),
        Column("trials", [str(sum(total.states.values())) for total in totals]),
        *(Column(state.lower(), states(state), 50) for state in shown_states),
        Column("epochs", [str(total.epochs) for total in totals], 60),
        Column("seconds", [formats.seconds(total.seconds) for total in totals], 70),
        Column("best\nobjective", [formats.number(f.best) if f else "" for f in shown], 66),
        Column("selection\nfloor", by_luck, 65),
    ]
    console.print(fitted("What each arm took", columns, console))
    if any(by_luck):
        console.print(Text(_FLOOR_NOTE, style="dim"))
    if packs := packs_sentence(record):
        console.print(Text(packs, style="dim"))


def _merged(totals: list[ArmTotals]) -> list[ArmTotals]:
    """Merge arms of one kind into a row where each of many tasks has one."""
    rows: list[ArmTotals] = []
    for family in _FAMILIES:
        part = [total for total in totals if total.arm.rpartition("/")[0] == family]
        if family in _NO_TASKS or len(part) <= _MOST_TASK_ROWS:
            rows += part
            continue
        states = sum((Counter(total.states) for total in part), Counter[str]())
        epochs = sum(total.epochs for total in part)
        seconds = sum(total.seconds for total in part)
        rows.append(ArmTotals(f"{family} ({len(part)} tasks)", dict(states), epochs, seconds))
    return rows
