"""What a sweep remembers: one record a trial, rebuilt from the events of its journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.events import (
    MEMBER,
    EpochEnded,
    Event,
    ExploitEnded,
    GenerationEnded,
    InfoReported,
    InitialPointsResolved,
    ObjectivesRecomputed,
    Role,
    State,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialEvent,
    TrialInfo,
    TrialStarted,
)

__all__ = [
    "FINAL",
    "MEMBER",
    "SHARED",
    "SINGLE",
    "WARMUP",
    "WITHOUT",
    "EpochRecord",
    "Exploit",
    "Role",
    "State",
    "SweepRecord",
    "TrialInfo",
    "TrialRecord",
    "base_arm",
]

# Beginnings of arm names, for code that does not use `ArmName` yet.
FINAL, WARMUP, SINGLE, WITHOUT = "final/", "warmup/", "single/", "without/"
SHARED = ("equal", "search")


@dataclass
class EpochRecord:
    """One epoch of one trial.

    Attributes:
        epoch: Counted from 1; a trial that was interrupted goes on counting where it stopped.
        metrics: `train/<task>/loss`, `val/<task>/<metric>`, `lr`, ...; only finite numbers.
        objective: Best so far, higher is better: what sampler and scheduler saw, or by a reference that has come since.
        time: Unix time at the end of the epoch, seconds.
    """

    epoch: int
    metrics: dict[str, float]
    best_objective: float
    time: float


@dataclass(frozen=True)
class Exploit:
    """A member of a population went on with the network of another one, and with other values.

    Attributes:
        epoch: After which.
        donor: Id of the trial whose network it was.
        params: The values before.
        overrides: The same as config values.
    """

    epoch: int
    donor: str
    params: dict[str, Any]
    overrides: dict[str, Any]


@dataclass
class TrialRecord:
    """One trial, finished or not.

    Attributes:
        id: Name that is unique in the sweep and survives restarts, such as `search-0003`.
        arm: `single/<task>`, `warmup/<weighting>`, `equal`, `search`, or `final/<arm>` for a finalist.
        number: Place within its arm, from 0.
        params: What the sampler chose, by dotted path (weights as ratios to their reference task); of a member of a
            population, what holds now.
        distributions: The sampled distribution of each param, as Optuna's JSON.
        overrides: What differs from the sweep's config, by dotted path: the params with the weights worked out.
        seed: Seed of weights, batches and dropout.
        config_hash: First 12 digits of the SHA-256 of the resolved config; finalists share that of their
            origin, unless they leave an auxiliary task out.
        origin: Finalists: id of the trial whose configuration is trained again; else empty.
        role: `member` of a population, or `last` or `mean`: trained from scratch with the values that the best member
            had at its end, or that the population had on average; else empty.
        perturbs: Members: each exchange so far.
        info: `parameters`, `depth`, `weights`, `lr`, ... as the trial found them when it was built.
        test: Metrics on the test split at the best epoch; finalists only.
    """

    id: str
    arm: ArmName
    number: int
    params: dict[str, Any]
    distributions: dict[str, str]
    overrides: dict[str, Any]
    seed: int
    started: float
    config_hash: str = ""
    origin: str = ""
    role: Role = ""
    exploits: list[Exploit] = field(default_factory=list)
    state: State = "RUNNING"
    reason: str = ""
    ended: float = 0.0
    info: TrialInfo = field(default_factory=TrialInfo)
    epochs: list[EpochRecord] = field(default_factory=list)
    test: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_finalist(self) -> bool:
        """Whether it trains an earlier configuration again on a fresh seed."""
        return self.arm.is_final

    @property
    def is_warmup(self) -> bool:
        """Whether it only found weights for the search to begin with."""
        return self.arm.is_warmup

    @property
    def is_member(self) -> bool:
        """Whether it is of a population: its network was made with values that changed, so nothing is claimed of it."""
        return self.role == MEMBER

    @property
    def is_sampled(self) -> bool:
        """Whether the sampler chose what it began with."""
        return self.role in ("", MEMBER) and not self.is_finalist

    @property
    def finished(self) -> bool:
        """Whether it reached an end of any kind."""
        return self.state != "RUNNING"

    @property
    def is_result(self) -> bool:
        """Whether it says what some fixed values are worth: it trained with them, and did not fail."""
        return not self.is_member and bool(self.epochs) and self.state in ("COMPLETE", "PRUNED")

    @property
    def last_epoch(self) -> int:
        """Number of the last epoch; 0 before the first."""
        return self.epochs[-1].epoch if self.epochs else 0

    def params_at(self, epoch: int) -> dict[str, Any]:
        """The params that it trained this epoch with."""
        return next((p.params for p in self.exploits if p.epoch >= epoch), self.params)

    def overrides_at(self, epoch: int) -> dict[str, Any]:
        """The overrides that it trained this epoch with."""
        return next((p.overrides for p in self.exploits if p.epoch >= epoch), self.overrides)

    @property
    def best(self) -> EpochRecord | None:
        """The epoch with the best objective; the first such where several tie. None before the first epoch."""
        return max(self.epochs, key=lambda e: (e.best_objective, -e.epoch), default=None)

    @property
    def objective(self) -> float | None:
        """Best objective so far."""
        return self.best.best_objective if self.best else None

    @property
    def best_objective(self) -> float:
        """Best objective so far for comparing trials; minus infinity before the first epoch and after a failure."""
        return self.best.best_objective if self.best and self.state != "FAIL" else float("-inf")

    def apply(self, event: TrialEvent) -> None:
        """Take in one event of this trial after its start."""
        match event:
            case InfoReported():
                self.info.update(cast("TrialInfo", event.info))
            case EpochEnded():
                self._add_epoch(event)
            case ObjectivesRecomputed():
                best = dict(event.objectives)
                self.epochs = [
                    replace(e, best_objective=best.get(e.epoch, e.best_objective))
                    for e in self.epochs
                ]
            case ExploitEnded():
                self.exploits.append(Exploit(event.epoch, event.donor, self.params, self.overrides))
                self.params = dict(event.params)
                self.overrides = dict(event.overrides)
            case TrialEnded():
                self.state = event.state
                self.reason = event.reason
                self.ended = event.time
                self.test = dict(event.test)

    def _add_epoch(self, event: EpochEnded) -> None:
        # A trial that was interrupted may report an epoch again, and then trains what follows it.
        self.epochs = [e for e in self.epochs if e.epoch < event.epoch]
        self.epochs.append(EpochRecord(event.epoch, event.metrics, event.objective, event.time))
        self.seconds = event.seconds


class SweepRecord:
    """All that is known of a sweep: the trials by id, in the order in which they began.

    Attributes:
        id: Lasting id, 12 hex digits.
        name: Of the config.
        started: Unix time of the first session, seconds.
        sessions: How often it was started or resumed.
        budget: Arm → number of trials that it is to have, finalists included.
        slots: Trials at a time in the latest session.
        custom_objective: Whether a function of the user's judged the trials, which the journal cannot work out again.
        start: Loss weights that the search arm tries after equal ones; None until they are known.
        complete: Whether every arm has spent its budget.
        generations: Arm → epoch up to which its population has met and made its exchanges.
        trials: By id.
    """

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.started = 0.0
        self.sessions = 0
        self.slots = 1
        self.budget: dict[str, int] = {}
        self.custom_objective = False
        self.initial_points: list[dict[str, float]] | None = None
        self.complete = False
        self.generations: dict[str, int] = {}
        self.trials: dict[str, TrialRecord] = {}

    def __iter__(self) -> Iterator[TrialRecord]:
        return iter(self.trials.values())

    def arm(self, name: str) -> list[TrialRecord]:
        """The trials of one arm, by number."""
        return sorted((t for t in self if t.arm == name), key=lambda t: t.number)

    def apply(self, event: Event) -> None:
        """Take one event in.

        Raises:
            KeyError: It is about a trial that has not begun.
        """
        match event:
            case SweepStarted():
                self._start_session(event)
            case TrialStarted():
                self.trials[event.id] = _new_trial(event)
            case TrialEvent():
                self.trials[event.id].apply(event)
            case GenerationEnded():
                self.generations[event.arm] = event.epoch
            case InitialPointsResolved():
                self.initial_points = [dict(point) for point in event.points]
            case SweepCompleted():
                self.complete = True

    def _start_session(self, event: SweepStarted) -> None:
        if not self.id:
            self.id, self.name, self.started = event.id, event.name, event.time
        self.sessions += 1
        self.slots = event.slots
        self.budget = dict(event.budget)
        self.custom_objective = bool(event.custom_objective)
        self.complete = False


def _new_trial(event: TrialStarted) -> TrialRecord:
    return TrialRecord(
        id=event.id,
        arm=ArmName(event.arm),
        number=event.number,
        params=event.params,
        distributions=event.distributions,
        overrides=event.overrides,
        seed=event.seed,
        started=event.time,
        config_hash=event.config_hash,
        origin=event.origin,
        role=event.role,
    )


def base_arm(name: str) -> str:
    """Return the arm that a finalist's arm comes from; other arms are their own."""
    return ArmName(name).base
