"""The figures of a sweep that runs: trials done, the best so far, time left."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping

from mtl_search.analysis import formats
from mtl_search.analysis.formats.many import is_many, quartiles
from mtl_search.api.callback import Callback
from mtl_search.api.progress.standings import Standings
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


class SweepProgress(Callback):
    """Base of all displays, with the figures of a sweep that runs; it shows nothing itself.

    Attributes:
        record: The sweep; None before it has begun.
        begun: When the session began, in seconds of the monotonic clock.
    """

    def __init__(self) -> None:
        self.record: SweepRecord | None = None
        self.begun = time.monotonic()
        self._ended_here = 0
        self._epochs_here: Counter[str] = Counter()  # trial that runs → epochs of this session
        self._standings = Standings()

    def __enter__(self) -> SweepProgress:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to put away."""

    def on_sweep_start(self, record: SweepRecord) -> None:
        """Take in the record, and start the clock."""
        self.record = record
        self._standings = Standings()
        self.begun = time.monotonic()

    def on_epoch_end(self, trial: TrialRecord) -> None:
        """Count the epoch."""
        self._epochs_here[trial.id] += 1

    def on_trial_end(self, trial: TrialRecord) -> None:
        """Count the trial."""
        self._ended_here += 1
        self._epochs_here.pop(trial.id, None)

    @property
    def total(self) -> int:
        """Number of trials that the sweep is to have.

        The budget is the least number: what arms offer each other, twins and more seeds come on
        top as they begin, and an extended sweep keeps the finalists of earlier winners.
        """
        if self.record is None:
            return 0
        begun = self._standings.read(self.record).begun
        budget = self.record.budget
        return sum(max(budget.get(arm, 0), begun[arm]) for arm in {*budget, *begun})

    @property
    def done(self) -> int:
        """Number of trials that have ended, in this session and earlier ones."""
        return self._standings.read(self.record).done if self.record else 0

    def time_left(self) -> str:
        """Return the time left at this session's pace; empty before its first trial has ended.

        It is at most what is left of the time budget, after which no trial begins.
        """
        if not self._ended_here:
            return ""
        # Members of a pack end together, so parts of trials that run count as well.
        parts = self._parts_of_trials()
        seconds_per_trial = (time.monotonic() - self.begun) / (self._ended_here + parts)
        to_come = max(0.0, self.total - self.done - parts)
        seconds = min(seconds_per_trial * to_come, self._budget_left())
        if seconds < 90:
            return f"{seconds:.0f} s left"
        return f"{seconds / 60:.0f} min left"

    def _parts_of_trials(self) -> float:
        """Return how many trials the epochs make that trials that run have had here."""
        training = self.record.config.get("training", {}) if self.record else {}
        if "epochs" not in training:
            return 0.0
        epochs = int(training["epochs"])
        return sum(min(1.0, count / epochs) for count in self._epochs_here.values())

    def _budget_left(self) -> float:
        """Return the seconds of the time budget that are left; infinite without one."""
        if self.record is None:
            return math.inf
        budget = self.record.config.get("search", {}).get("time_budget")
        if budget is None:
            return math.inf
        return max(0.0, float(budget) - self.record.time_spent(time.time()))

    def best(self) -> str:
        """Name the best trial that shares; before there is one, the best of single-task arms."""
        best = self._standings.read(self.record).best() if self.record else {}
        if "shared" in best:
            return (
                f"best {formats.signed(best['shared'].objective or 0.0, 4)} ({best['shared'].id})"
            )
        if not best:
            return "no result yet"
        if is_many(best):
            values = quartiles(trial.objective for trial in best.values())
            middle, low, high = (values[k] for k in ("median", "lower quartile", "upper quartile"))
            return (
                f"best alone of {len(best)} tasks: {formats.fixed(middle, 3)} "
                f"({formats.fixed(low, 3)} to {formats.fixed(high, 3)})"
            )
        alone = [
            f"{trial.arm.task} {formats.fixed(trial.objective or 0.0, 3)}"
            for trial in best.values()
        ]
        return f"best alone: {', '.join(alone)}"


def waiting_text(sent: int, total: int) -> str:
    """Return how much of the sweep MLflow has got."""
    return f"MLflow: {sent:,} of {total:,} events sent"


def budget_parts(budget: Mapping[str, int]) -> list[str]:
    """Return the arms with their trials in words; those of very many tasks are one part.

    Examples:
        >>> budget_parts({"single/a": 4, "equal": 20})
        ['single/a 4', 'equal 20']
    """
    tasks = {ArmName(arm).task for arm in budget} - {None}
    if not is_many(tasks):
        return [f"{arm} {count}" for arm, count in budget.items()]
    parts: Counter[str] = Counter()
    arms: Counter[str] = Counter()
    for arm, count in budget.items():
        task = ArmName(arm).task
        kind = arm if task is None else arm.removesuffix(f"/{task}")
        parts[kind] += count
        arms[kind] += 1
    return [
        f"{kind} {count}" if arms[kind] == 1 else f"{kind} {count} ({arms[kind]} tasks)"
        for kind, count in parts.items()
    ]
