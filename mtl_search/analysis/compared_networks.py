"""The networks that a verdict compares: their configurations, and the test metrics by seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from mtl_search.analysis.comparison import Run, Runs
from mtl_search.analysis.estimate import estimate
from mtl_search.analysis.finalists import (
    SelectedFinalist,
    finalists_of,
    missing_note,
    recommended,
    winner_of,
)
from mtl_search.analysis.measure import mean_metrics
from mtl_search.analysis.references import Tasks
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage import item_values
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


class ComparedNetworks:
    """Collect the finalists that speak for each arm.

    Args:
        record: The sweep's record.
        tasks: Main tasks with their metrics; a finalist counts where it has all of its tasks.
        directory: The sweep's folder, with the scores of test items; None: they are not read.

    Attributes:
        best: The best shared network; None where there is none.
        winners: Arm, without `final/` → the configuration that speaks for it.
        runs: Arm → its runs by seed index.
        single_runs: Seed index → one run of the single-task networks of all main tasks.
    """

    def __init__(self, record: SweepRecord, tasks: Tasks, directory: Path | None) -> None:
        self._record = record
        self._tasks = tasks
        self._directory = directory
        self.best = recommended(record)
        self.winners: dict[str, SelectedFinalist] = {}
        self.runs: dict[str, Runs] = {}
        for arm in [*map(ArmName.single, tasks), *SHARED]:
            origin = winner_of(record, arm)
            if origin is not None:
                self._add(arm, origin)
        self._select_compared()
        self.single_runs = self._merge_single_runs()

    def has(self, arm: ArmName, origin: str) -> bool:
        """Return whether an arm speaks by the configuration of this trial."""
        winner = self.winners.get(arm)
        return winner is not None and winner.origin == origin

    @property
    def origins(self) -> dict[str, str]:
        """Arm → id of the trial whose configuration speaks for it."""
        return {arm: winner.origin for arm, winner in self.winners.items()}

    def single_parameters(self) -> int | None:
        """Sum the parameters of the single-task networks; None where one is missing."""
        total = 0
        for task in self._tasks:
            winner = self.winners.get(ArmName.single(task))
            if winner is None or winner.parameters is None:
                return None
            total += winner.parameters
        return total

    def missing(self) -> list[str]:
        """Say which finalists do not count, and why."""
        notes = [
            missing_note(ArmName(arm), self._record, winner.origin)
            for arm, winner in self.winners.items()
        ]
        return [note for note in notes if note]

    def _select_compared(self) -> None:
        """Select what differs from the best shared network in one factor."""
        names = dict.fromkeys(t.arm.base for t in self._record if t.is_finalist)
        for arm in names:
            if arm.is_twin or arm.is_ablation:
                origins = [t.origin for t in self._record.arm(arm.final)]
                if self.best is not None and self.best.origin in origins:
                    self._add(arm, self.best.origin)
                elif arm.is_ablation:  # version 0.1 took the best of the search arm in any case
                    self._add(arm, origins[-1])

    def _add(self, arm: ArmName, origin: str) -> None:
        names = [arm.task] if arm.is_single and arm.task else list(self._tasks)
        keys = [metric_key("test", task, m) for task in names for m in self._tasks[task]]
        trials = {
            index: trial
            for index, trial in sorted(finalists_of(self._record, arm, origin).items())
            if all(key in trial.test for key in keys)
        }
        if not trials:
            return
        self.winners[arm] = _selected(arm, trials)
        self.runs[arm] = {index: self._run(trial) for index, trial in trials.items()}

    def _run(self, trial: TrialRecord) -> Run:
        if self._directory is None:
            return Run(trial.test)
        items = item_values.read(self._directory, trial.id)
        count = items.pop(item_values.COUNT, None)
        return Run(trial.test, items, 0 if count is None else int(count))

    def _merge_single_runs(self) -> dict[int, Run]:
        """Make one run of the single-task runs of each seed index that all main tasks have."""
        runs_by_task = [self.runs.get(ArmName.single(task), {}) for task in self._tasks]
        if not runs_by_task:
            return {}
        indices = set.intersection(*(set(runs) for runs in runs_by_task))
        merged = {}
        for index in sorted(indices):
            test: dict[str, float] = {}
            items: dict[str, npt.NDArray[Any]] = {}
            for runs in runs_by_task:
                test |= runs[index].test
                items |= runs[index].items
            count = max(runs[index].item_count for runs in runs_by_task)
            merged[index] = Run(test, items, count)
        return merged


def _selected(arm: ArmName, by_index: Mapping[int, TrialRecord]) -> SelectedFinalist:
    trials = list(by_index.values())
    tests = [trial.test for trial in trials]
    info = trials[0].info
    common = mean_metrics(tests)
    return SelectedFinalist(
        arm=arm,
        origin=trials[0].origin,
        trials={index: trial.id for index, trial in by_index.items()},
        parameters=info.get("parameters"),
        depth=info.get("depth"),
        test={name: estimate([test[name] for test in tests]) for name in common},
    )
