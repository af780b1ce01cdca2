"""What is known of one trial, rebuilt from the events of its sweep's journal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.events import (
    EpochEnded,
    ExploitEnded,
    InfoReported,
    ObjectivesRecomputed,
    TrialEnded,
    TrialEvent,
    TrialStarted,
)
from mtl_search.storage.trial_info import MEMBER, OFFERED, Role, State, TrialInfo


@dataclass
class EpochRecord:
    """One epoch of one trial.

    Attributes:
        epoch: Number of the epoch, from 1; an interrupted trial goes on counting where it stopped.
        metrics: `train/<task>/loss`, `val/<task>/<metric>`, `lr`, ...; only finite numbers.
        best_objective: Best objective so far, higher is better: what sampler and scheduler saw, or
            the value by a reference that has come since.
        time: Unix time at the end of the epoch, in seconds.
    """

    epoch: int
    metrics: dict[str, float]
    best_objective: float
    time: float


@dataclass(frozen=True)
class Exploit:
    """A member of a population went on with the network of another one, and with other values.

    Attributes:
        epoch: The epoch after which it was done.
        donor: Id of the trial whose network it was.
        params: The values before.
        overrides: The values before, as values of the config.
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
        arm: The arm that it belongs to.
        number: Number within its arm, from 0.
        params: Dotted path → what the sampler chose, weights as ratios to their reference task. For
            a member of a population it is what holds now.
        distributions: Dotted path → distribution that the value was sampled from, as Optuna's JSON.
        overrides: Dotted path → value of the config that differs from the sweep's: the params, with
            ratios turned into weights.
        seed: Seed of weights, batches and dropout.
        started: Unix time at its start, in seconds.
        config_hash: First 12 digits of the SHA-256 of the resolved config; finalists share that of
            their origin, unless they leave an auxiliary task out.
        origin: Id of the trial whose configuration a finalist trains again, or whose settings an
            offered trial tries; else empty.
        role: `member` of a population, `last` or `mean` for a trial from scratch with the values
            that the best member had at its end, or that the population had on average, or
            `offered` for one that tries the settings of another arm; else empty.
        split: Number of the random partition of the data that it trains on, from 1; 0 for the
            sweep's own.
        exploits: Each exploit so far, for a member of a population.
        state: How it ended; `RUNNING` until then.
        reason: Why it failed; else empty.
        ended: Unix time at its end, in seconds.
        info: What it says of itself, such as its number of parameters.
        epochs: The epochs so far.
        test: Metrics on the test split at the best epoch; finalists only.
        seconds: Time that it has trained for.
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
    split: int = 0
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
        """Whether it trains an earlier configuration again, to judge it by the test split."""
        return self.arm.is_repeat

    @property
    def is_warmup(self) -> bool:
        """Whether it only found weights for the search to begin with."""
        return self.arm.is_warmup

    @property
    def is_member(self) -> bool:
        """Whether it belongs to a population.

        The values changed while its network was trained, so nothing is claimed of it.
        """
        return self.role == MEMBER

    @property
    def is_offered(self) -> bool:
        """Whether it tries settings that another arm has found."""
        return self.role == OFFERED

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
        """Whether it trained with fixed values and did not fail, so that it tells their worth."""
        return not self.is_member and bool(self.epochs) and self.state in ("COMPLETE", "PRUNED")

    @property
    def last_epoch(self) -> int:
        """Number of the last epoch; 0 before the first."""
        return self.epochs[-1].epoch if self.epochs else 0

    def params_at(self, epoch: int) -> dict[str, Any]:
        """Return the params that it trained this epoch with."""
        # An exploit holds the values from before it.
        return next((e.params for e in self.exploits if e.epoch >= epoch), self.params)

    def overrides_at(self, epoch: int) -> dict[str, Any]:
        """Return the overrides that it trained this epoch with."""
        return next((e.overrides for e in self.exploits if e.epoch >= epoch), self.overrides)

    @property
    def best(self) -> EpochRecord | None:
        """The epoch with the best objective, the first of equals; None before the first epoch."""
        return max(self.epochs, key=lambda e: (e.best_objective, -e.epoch), default=None)

    @property
    def objective(self) -> float | None:
        """Best objective so far; None before the first epoch."""
        return self.best.best_objective if self.best else None

    @property
    def best_objective(self) -> float:
        """Best objective so far, for comparing trials.

        It is minus infinity before the first epoch and after a failure.
        """
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


def new_trial(event: TrialStarted) -> TrialRecord:
    """Return the record of a trial that begins."""
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
        split=event.split,
    )
