"""What is known of a sweep: one record a trial, rebuilt from the events of its journal."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mtl_search.storage.events import (
    BaselineScored,
    DataDescribed,
    EnvironmentDescribed,
    Event,
    GenerationEnded,
    InitialPointsResolved,
    MetricScales,
    SearchStopped,
    SweepCompleted,
    SweepStarted,
    TrialEvent,
    TrialStarted,
    VerdictLooked,
)
from mtl_search.storage.trial_record import TrialRecord, new_trial


@dataclass(eq=False)
class SweepRecord:
    """All that is known of a sweep: the trials by id, in the order in which they began.

    Attributes:
        id: Twelve hexadecimal digits that stay the same when the sweep is resumed.
        name: The config's name.
        started: Unix time of the first session, in seconds.
        sessions: How often it was started or resumed.
        budget: Arm → number of trials that it is to have, finalists included.
        slots: Trials at a time in the latest session.
        custom_objective: Whether the objective is the user's, which the journal does not have.
        config: The config of the latest session, without secrets; empty in earlier versions.
        handed_over: Parts of the sweep that were given in Python: `data`, `space`, `objective`.
        initial_points: Loss weights that the search arm tries first; None until they are
            known.
        scales: `<task>/<metric>` → trivial and perfect value; empty in earlier versions.
        excluded_metrics: `<task>/<metric>` → why it has no scale; empty in earlier versions.
        directions: Metric of the user's → whether a higher value is better.
        data_sets: Number of a session → its data set, as `data` has it, where it is another one
            than in the session before; empty in earlier versions.
        environments: Number of a session → its environment, as `environment` has it, where it is
            another one than in the session before; empty in earlier versions.
        looks: Numbers of fresh seeds at which the verdict was looked at.
        baselines: Task → model of scikit-learn → its metrics; empty where there is none.
        complete: Whether every arm has spent its budget.
        stop: Why the latest session began no further trials of the search; None: it did not stop.
        stop_asked: Why a callback of this session wants the search to stop, and whether its best
            are trained again for the verdict; None: none does.
        generations: Arm → epoch of the last generation of its population.
        trials: Id → trial.
    """

    id: str = ""
    name: str = ""
    started: float = 0.0
    sessions: int = 0
    budget: dict[str, int] = field(default_factory=dict)
    slots: int = 1
    custom_objective: bool = False
    config: dict[str, Any] = field(default_factory=dict)
    handed_over: tuple[str, ...] = ()
    initial_points: list[dict[str, float]] | None = None
    scales: dict[str, tuple[float, float]] = field(default_factory=dict)
    excluded_metrics: dict[str, str] = field(default_factory=dict)
    directions: dict[str, bool] = field(default_factory=dict)
    data_sets: dict[int, dict[str, Any]] = field(default_factory=dict)
    environments: dict[int, dict[str, Any]] = field(default_factory=dict)
    looks: list[int] = field(default_factory=list)
    baselines: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    complete: bool = False
    stop: SearchStopped | None = None
    stop_asked: tuple[str, bool] | None = None
    generations: dict[str, int] = field(default_factory=dict)
    trials: dict[str, TrialRecord] = field(default_factory=dict)
    _arms: dict[str, list[TrialRecord]] = field(init=False, repr=False)
    _offered: Counter[str] = field(init=False, repr=False)
    _ended: int = field(init=False, repr=False)
    _sorted: int = field(init=False, repr=False)
    # Start and latest event of the session, and the time of those before.
    _session: tuple[float, float, float] = field(default=(0.0, 0.0, 0.0), repr=False)

    def __post_init__(self) -> None:
        """Sort the trials into their arms, which `apply` then keeps up to date."""
        self._arms, self._offered, self._ended, self._sorted = {}, Counter(), 0, 0
        for trial in self:
            self._add_to_arm(trial)
            self._ended += trial.finished

    def __iter__(self) -> Iterator[TrialRecord]:
        return iter(self.trials.values())

    def arm(self, name: str) -> list[TrialRecord]:
        """Return the trials of one arm, by number."""
        return list(self._by_arm().get(name, ()))

    def count(self, arm: str, *, offered: bool = True) -> int:
        """Return the number of trials of one arm.

        Args:
            arm: Name of the arm.
            offered: Whether those count that try the settings of another arm.
        """
        trials = self._by_arm().get(arm, ())
        return len(trials) - (0 if offered else self._offered[arm])

    @property
    def ended(self) -> int:
        """Number of trials that have ended."""
        return self._ended

    @property
    def data(self) -> dict[str, Any]:
        """Latest `name`, `digest`, `splits` and `targets` of the data set; empty: not known."""
        return next(reversed(self.data_sets.values()), {})

    @property
    def environment(self) -> dict[str, Any]:
        """Latest `versions`, `platform` and `devices`; empty in earlier versions."""
        return next(reversed(self.environments.values()), {})

    def time_spent(self, now: float | None = None) -> float:
        """Return the seconds of all sessions, the latest up to `now` or its latest event."""
        start, latest, before = self._session
        return before + max((latest if now is None else now) - start, 0.0)

    def forget(self, trial_id: str) -> None:
        """Drop a trial.

        Args:
            trial_id: Its id.
        """
        trial = self.trials.pop(trial_id)
        self._arms[trial.arm] = [other for other in self._arms[trial.arm] if other is not trial]
        self._offered[trial.arm] -= trial.is_offered
        self._ended -= trial.finished
        self._sorted -= 1

    def apply(self, event: Event) -> None:
        """Take one event in.

        Raises:
            KeyError: It is about a trial that has not begun.
        """
        match event:
            case SweepStarted():
                self._start_session(event)
            case TrialStarted():
                self._begin(event)
            case TrialEvent():
                trial = self.trials[event.id]
                self._ended -= trial.finished
                trial.apply(event)
                self._ended += trial.finished
            case GenerationEnded():
                self.generations[event.arm] = event.epoch
            case SearchStopped():
                self.stop = event
            case SweepCompleted():
                self.complete = True
            case _:
                self._learn(event)
        self._session = (self._session[0], event.time, self._session[2])

    def _begin(self, event: TrialStarted) -> None:
        is_new = event.id not in self.trials
        self.trials[event.id] = new_trial(event)
        if is_new:
            self._add_to_arm(self.trials[event.id])
        else:
            self.__post_init__()  # as only a journal that was written by hand has it

    def _by_arm(self) -> dict[str, list[TrialRecord]]:
        if self._sorted != len(self.trials):  # they have been changed from outside
            self.__post_init__()
        return self._arms

    def _add_to_arm(self, trial: TrialRecord) -> None:
        self._sorted += 1
        insort(self._arms.setdefault(trial.arm, []), trial, key=lambda other: other.number)
        self._offered[trial.arm] += trial.is_offered

    def _learn(self, event: Event) -> None:
        """Take in what a session has found out, trials apart."""
        match event:
            case InitialPointsResolved():
                self.initial_points = [dict(point) for point in event.points]
            case MetricScales():
                self.scales = {key: (zero, one) for key, (zero, one) in event.values.items()}
                self.excluded_metrics = dict(event.excluded)
                self.directions = dict(event.directions)
            case DataDescribed():
                self.data_sets[self.sessions] = event.description()
            case EnvironmentDescribed():
                self.environments[self.sessions] = event.description()
            case VerdictLooked():
                self.looks.append(event.seeds)
            case BaselineScored():
                if not event.reason:
                    self.baselines.setdefault(event.task, {})[event.model] = event.metrics

    def _start_session(self, event: SweepStarted) -> None:
        if not self.id:
            self.id, self.name, self.started = event.id, event.name, event.time
        self._session = (event.time, event.time, self.time_spent() if self.sessions else 0.0)
        self.stop = self.stop_asked = None
        self.sessions += 1
        self.slots = event.slots
        self.budget = dict(event.budget)
        self.custom_objective = bool(event.custom_objective)
        self.config = dict(event.config)
        self.handed_over = tuple(event.handed_over)
        self.complete = False
