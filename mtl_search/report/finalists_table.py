"""What each arm's best configuration reached on fresh seeds, as a table."""

from __future__ import annotations

import math
import statistics

from rich.console import Console
from rich.text import Text

from mtl_search.analysis import formats
from mtl_search.analysis.by_task import worst_task
from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.finalists import SelectedFinalist
from mtl_search.analysis.measure import unit_of
from mtl_search.analysis.summary import mean_ranks
from mtl_search.analysis.views.parts.finalist_runs import finalist_runs
from mtl_search.metrics.metric_key import metric_key
from mtl_search.report.tables import Column, fitted, task_columns
from mtl_search.storage.arm_name import (
    EQUAL,
    SEARCH,
    SHARED,
    TWIN_SEPARATE,
    TWIN_WEIGHTS,
    ArmName,
)

_SINGLE = "single"  # the row of all single-task arms together
_RECOMMENDED = " ✓"
_SEPARATE = {_SINGLE: "the tuned ones", TWIN_SEPARATE: "those with the settings of the shared one"}


def print_finalists(evidence: Evidence, console: Console) -> None:
    """Print the arms that have finalists; nothing where none has any."""
    table = _FinalistsTable(evidence)
    if table.arms:
        title = "Finalists on fresh seeds (test split, mean and 95 % interval)"
        console.print(fitted(title, table.columns(), console))
        for line in table.notes():
            console.print(Text(line, style="dim"))


def finalists_columns(evidence: Evidence) -> list[Column]:
    """Return the columns of the table of finalists; none where there is no finalist."""
    table = _FinalistsTable(evidence)
    return table.columns() if table.arms else []


class _FinalistsTable:
    """Make the cells of the table, one row an arm."""

    def __init__(self, evidence: Evidence) -> None:
        self._verdict = verdict = evidence.verdict
        self._tasks = evidence.tasks
        self._directions = evidence.record.directions
        self._runs = {run.arm: run for run in finalist_runs(evidence) if run.is_winner}
        ablations = [arm for arm in verdict.winners if ArmName(arm).is_ablation]
        names = [_SINGLE, *SHARED, TWIN_SEPARATE, TWIN_WEIGHTS, *ablations]
        self.arms = [arm for arm in names if self._winners(arm)]

    def columns(self) -> list[Column]:
        """Return the columns; those of skill stay empty where it is not known."""
        verdict = self._verdict
        over_single: dict[str, Comparison | None] = {EQUAL: verdict.equal, SEARCH: verdict.search}
        over_row: dict[str, Comparison | None] = {
            _SINGLE: verdict.sharing,
            TWIN_SEPARATE: verdict.twin,
            TWIN_WEIGHTS: verdict.weights,
            **{ArmName.ablation(task): c for task, c in verdict.auxiliary.items()},
        }
        gains = [over_single.get(arm) for arm in self.arms]
        leads = [over_row.get(arm) for arm in self.arms]
        ranks = mean_ranks(verdict, self._tasks, self._directions)
        unit = unit_of(verdict.measure)
        better = [comparison.improvement if comparison else None for comparison in gains]
        return [
            Column("arm", [self._name(arm) for arm in self.arms], right=False),
            Column("skill", [formats.skill(self._skill(arm)) for arm in self.arms], 96),
            Column(f"gain over single\n({unit})", [_gain(c) for c in gains]),
            Column(f"lead of ✓ over it\n({unit})", [_gain(c) for c in leads], 94),
            Column("Δm %", [_delta_m(c) for c in gains], 95),
            Column("P(better)\na run", [formats.number(value, 2) for value in better], 84),
            Column(f"worst task\n(gain, {unit})", [_worst(c) for c in gains], 83, right=False),
            Column("mean\nrank", [_rank(ranks.get(arm)) for arm in self.arms], 82),
            *task_columns(self._tasks, self._task_cells),
            Column("params", [formats.count(self._parameters(arm)) for arm in self.arms], 85),
            Column("seeds", [self._seeds(arm) for arm in self.arms], 60),
            Column("configuration of", [self._origin(arm) for arm in self.arms], 50, right=False),
        ]

    def notes(self) -> list[str]:
        """Return what the marks mean, and which separate networks are better."""
        notes = []
        if self._verdict.recommended is not None:
            notes.append(f"{_RECOMMENDED.strip()}: the recommended shared network.")
        if self._verdict.separate is not None:
            better = _SEPARATE[self._verdict.separate]
            notes.append(f"Of separate networks {better} are better by validation.")
        return [" ".join(notes)] if notes else []

    def _winners(self, arm: str) -> list[SelectedFinalist]:
        names = [ArmName.single(task) for task in self._tasks] if arm == _SINGLE else [arm]
        return [self._verdict.winners[name] for name in names if name in self._verdict.winners]

    def _name(self, arm: str) -> str:
        best = self._verdict.recommended
        return arm + (_RECOMMENDED if best is not None and best.arm == arm else "")

    def _skill(self, arm: str) -> float:
        """Return the mean skill over tasks and seeds; NaN where it is not known."""
        run = self._runs.get(arm)
        known = [skill for skill in run.test_skill if math.isfinite(skill)] if run else []
        return statistics.fmean(known) if known else math.nan

    def _task_cells(self, task: str, metric: str) -> list[str]:
        cells = []
        for arm in self.arms:
            winner = self._verdict.winners.get(ArmName.single(task) if arm == _SINGLE else arm)
            estimate = winner.test.get(metric_key("test", task, metric)) if winner else None
            cells.append(formats.with_interval(estimate))
        return cells

    def _parameters(self, arm: str) -> int | None:
        if arm == _SINGLE:
            return self._verdict.single_parameters
        return self._verdict.winners[arm].parameters

    def _seeds(self, arm: str) -> str:
        counts = sorted({len(winner.trials) for winner in self._winners(arm)})
        return "–".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))

    def _origin(self, arm: str) -> str:
        return "the best of each task" if arm == _SINGLE else self._verdict.winners[arm].origin


def _gain(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    return formats.points(comparison.gain.mean, comparison.interval)


def _delta_m(comparison: Comparison | None) -> str:
    return formats.percent(comparison.delta_m if comparison else None)


def _worst(comparison: Comparison | None) -> str:
    task = worst_task(comparison) if comparison else None
    if comparison is None or task is None:
        return ""
    return f"{task} {formats.signed(100 * comparison.tasks[task].gain.mean, 2)}"


def _rank(rank: float | None) -> str:
    return "" if rank is None else f"{rank:.2f}"
