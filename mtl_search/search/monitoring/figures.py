"""The figures of a sweep that runs, kept up to date event by event.

Every event costs the same, however many trials there are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mtl_search.analysis.references import main_metrics
from mtl_search.analysis.skills import mean_skill, tasks_of
from mtl_search.config import Config
from mtl_search.metrics.objective import delta_m
from mtl_search.search.monitoring import metrics
from mtl_search.search.monitoring.metrics import SweepMetric
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.events import (
    EpochEnded,
    Event,
    InfoReported,
    ObjectivesRecomputed,
    SweepStarted,
    TrialEnded,
    TrialEvent,
    TrialStarted,
)
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


@dataclass(frozen=True)
class Sample:
    """One value of one metric.

    Attributes:
        metric: The metric.
        value: Its value.
        arm: The arm it is about; empty: the whole sweep.
        state: The state of trials it is about; empty: there is none.
    """

    metric: SweepMetric
    value: float
    arm: str = ""
    state: str = ""

    def tags(self, sweep: str) -> dict[str, str]:
        """Return its tags; Ray takes ASCII alone, so other characters are escaped."""
        values = {"sweep": sweep, "arm": self.arm, "state": self.state}
        return {tag: ascii_escaped(values[tag]) for tag in self.metric.tags}


def ascii_escaped(text: str) -> str:
    r"""Return a text in ASCII, with all other characters as Python writes them.

    Examples:
        >>> print(ascii_escaped("größe"))
        gr\xf6\xdfe
    """
    return text.encode("ascii", "backslashreplace").decode("ascii")


class SweepFigures:
    """Turn the events of a sweep into samples.

    Args:
        config: The sweep's config.

    Examples:
        >>> from mtl_search.config import load_config
        >>> tree = {"name": "demo", "data": "digit_pairs", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"left": {"head": "softmax"}}})
        >>> event = SweepStarted(id="0123456789ab", name="demo", slots=2, budget={"equal": 3})
        >>> record = SweepRecord()
        >>> record.apply(event)
        >>> samples = SweepFigures(config).update(event, record)
        >>> [(sample.metric.name, sample.value) for sample in samples][:2]
        [('mtl_search_slots', 2), ('mtl_search_slots_busy', 0)]
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._states: Counter[tuple[str, str]] = Counter()
        self._epochs: Counter[str] = Counter()
        self._last_epoch: dict[str, int] = {}
        self._best: dict[str, TrialRecord] = {}
        self._best_value: dict[str, float] = {}
        self._stale: set[str] = set()  # arms whose objectives have been worked out anew
        self._at_work: set[str] = set()
        self._slots = 0
        self._tasks: Mapping[str, tuple[str, ...]] = {}
        self._singles: dict[str, TrialRecord] = {}  # single-task arm → its best result

    def update(self, event: Event, record: SweepRecord) -> Iterator[Sample]:
        """Take one event in, and yield the samples that it has changed.

        Args:
            event: The event.
            record: The sweep, to which the event has been applied.
        """
        match event:
            case SweepStarted():
                yield from self._start(record)
            case TrialEvent():
                yield from self._follow(event, record)

    def _start(self, record: SweepRecord) -> Iterator[Sample]:
        """Count anew: a sweep that is resumed has trials already."""
        self.__init__(self._config)  # type: ignore[misc]  # all but the config begins again
        self._slots = record.slots
        yield Sample(metrics.SLOTS, record.slots)
        yield Sample(metrics.SLOTS_BUSY, 0)
        for arm, count in record.budget.items():
            yield Sample(metrics.PLANNED, count, arm)
        for trial in record:
            self._states[trial.arm, trial.state] += 1
            self._count_epochs(trial)
            if trial.arm.is_single:
                self._is_reference(trial)
        self._stale = {str(trial.arm) for trial in record}
        for (arm, state), number in self._states.items():
            yield Sample(metrics.TRIALS, number, arm, state)
        for arm in sorted(self._stale):
            yield Sample(metrics.EPOCHS, self._epochs[arm], arm)
            yield from self._best_of(arm, record)

    def _follow(self, event: TrialEvent, record: SweepRecord) -> Iterator[Sample]:
        trial = record.trials[event.id]
        match event:
            case TrialStarted():
                yield self._change_state(trial, +1, "RUNNING")
                yield from self._work(trial, at_work=True)
            case InfoReported():  # also of a trial that goes on after an interruption
                yield from self._work(trial, at_work=True)
            case EpochEnded():
                self._count_epochs(trial)
                yield Sample(metrics.EPOCHS, self._epochs[trial.arm], trial.arm)
                yield from self._compare(trial, record)
            case TrialEnded():
                yield self._change_state(trial, -1, "RUNNING")
                yield self._change_state(trial, +1, trial.state)
                yield from self._work(trial, at_work=False)
                yield from self._end(trial, record)
            case ObjectivesRecomputed():
                self._stale.add(trial.arm)

    def _change_state(self, trial: TrialRecord, change: int, state: str) -> Sample:
        self._states[trial.arm, state] += change
        return Sample(metrics.TRIALS, self._states[trial.arm, state], trial.arm, state)

    def _count_epochs(self, trial: TrialRecord) -> None:
        # A trial that goes on from a checkpoint trains some epochs again.
        self._epochs[trial.arm] += trial.last_epoch - self._last_epoch.get(trial.id, 0)
        self._last_epoch[trial.id] = trial.last_epoch

    def _work(self, trial: TrialRecord, *, at_work: bool) -> Iterator[Sample]:
        (self._at_work.add if at_work else self._at_work.discard)(trial.id)
        # A trial may be written down before a slot is free for it.
        yield Sample(metrics.SLOTS_BUSY, min(len(self._at_work), self._slots))

    def _compare(self, trial: TrialRecord, record: SweepRecord) -> Iterator[Sample]:
        """Make a trial the best of its arm if it is."""
        value = trial.best_objective
        if trial.arm in self._stale:
            yield from self._best_of(trial.arm, record)
        elif value > self._best_value.get(trial.arm, -math.inf):
            self._best[trial.arm], self._best_value[trial.arm] = trial, value
            yield from self._describe(trial.arm, record)

    def _end(self, trial: TrialRecord, record: SweepRecord) -> Iterator[Sample]:
        if trial.state == "FAIL" and self._best.get(trial.arm) is trial:
            self._stale.add(trial.arm)  # what it reached does not count
        if trial.arm in self._stale:
            yield from self._best_of(trial.arm, record)
        if trial.arm.is_single and self._is_reference(trial):
            for arm in self._best:
                yield from self._gain(arm, record)

    def _is_reference(self, trial: TrialRecord) -> bool:
        """Say whether a single-task trial that has ended is the best of its arm, and keep it."""
        best = self._singles.get(trial.arm)
        if trial.arm.is_repeat or not trial.is_result:
            return False
        if best is not None and trial.best_objective <= best.best_objective:
            return False
        self._singles[trial.arm] = trial
        return True

    def _best_of(self, arm: str, record: SweepRecord) -> Iterator[Sample]:
        """Find the best trial of an arm among all of them."""
        self._stale.discard(arm)
        trials = [trial for trial in record.arm(arm) if math.isfinite(trial.best_objective)]
        if not trials:
            return
        best = max(trials, key=lambda trial: trial.best_objective)
        self._best[arm], self._best_value[arm] = best, best.best_objective
        yield from self._describe(arm, record)

    def _describe(self, arm: str, record: SweepRecord) -> Iterator[Sample]:
        yield Sample(metrics.BEST_OBJECTIVE, self._best_value[arm], arm)
        best = self._best[arm]
        tasks = tasks_of(best, self._main_tasks(record))
        values = best.best.metrics if best.best else {}
        yield from _finite(
            metrics.BEST_SKILL, arm, lambda: mean_skill(record, self._config, tasks, values, "val")
        )
        yield from self._gain(arm, record)

    def _gain(self, arm: str, record: SweepRecord) -> Iterator[Sample]:
        best, tasks = self._best[arm], self._main_tasks(record)
        if ArmName(arm).is_single or best.best is None:
            return
        singles = [trial.best.metrics for trial in self._singles.values() if trial.best]
        reference = {key: value for values in singles for key, value in values.items()}
        values = best.best.metrics
        importance = {task: self._config.tasks[task].importance for task in tasks}
        if reference:
            yield from _finite(
                metrics.BEST_DELTA_M,
                arm,
                lambda: (
                    100
                    * delta_m(
                        values,
                        reference,
                        tasks,
                        importance=importance,
                        scales=record.scales,
                        directions=record.directions,
                    )
                ),
            )

    def _main_tasks(self, record: SweepRecord) -> Mapping[str, tuple[str, ...]]:
        if not self._tasks or not all(self._tasks.values()):
            self._tasks = main_metrics(record, self._config)
        return self._tasks


def _finite(metric: SweepMetric, arm: str, compute: Callable[[], float]) -> Iterator[Sample]:
    """Yield a value that is known: a task may have no scale, and no single-task network yet."""
    try:
        value = compute()
    except (KeyError, ValueError, ZeroDivisionError):
        return
    if math.isfinite(value):
        yield Sample(metric, value, arm)
