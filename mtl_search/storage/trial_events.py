"""The base of all events of a journal, and the events of one trial."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from mtl_search.storage.trial_info import Role, State


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events.

    Attributes:
        kind: Name of the kind in the journal.
        durable: Whether the sweep goes on only when the event is on the disk. What a trial says
            before its end may be lost with a machine: the trial is then trained again.
        time: Unix time in seconds.
    """

    kind: ClassVar[str]
    durable: ClassVar[bool] = True

    time: float = field(default_factory=time.time)

    def to_json(self) -> dict[str, Any]:
        """Return the event as the object of its line."""
        return {"event": self.kind, **{f.name: getattr(self, f.name) for f in fields(self)}}


@dataclass(frozen=True, kw_only=True)
class TrialEvent(Event):
    """Base of the events of one trial.

    Attributes:
        id: The trial's id.
    """

    id: str


@dataclass(frozen=True, kw_only=True)
class TrialStarted(TrialEvent):
    """A trial begins. Its fields are those of `TrialRecord`; a split of 0 is not written."""

    kind = "trial"

    arm: str
    number: int
    params: dict[str, Any]
    distributions: dict[str, str]
    overrides: dict[str, Any]
    seed: int
    config_hash: str = ""
    origin: str = ""
    role: Role = ""
    split: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the event as the object of its line."""
        line = super().to_json()
        if not self.split:
            del line["split"]
        return line


@dataclass(frozen=True, kw_only=True)
class InfoReported(TrialEvent):
    """A trial says something of itself that it has not said before.

    Attributes:
        info: All of it at first; later what has changed, such as the node.
    """

    kind = "info"
    durable = False

    info: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class EpochEnded(TrialEvent):
    """A trial has trained and validated an epoch.

    Attributes:
        epoch: Number of the epoch, from 1.
        metrics: The metrics by key, such as `val/left/accuracy`.
        objective: The best one so far.
        seconds: Time that the trial has trained for so far.
    """

    kind = "epoch"
    durable = False

    epoch: int
    metrics: dict[str, float]
    objective: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ObjectivesRecomputed(TrialEvent):
    """Epochs have other objectives than they had, since a reference has changed.

    Attributes:
        objectives: Pairs of an epoch and its new objective, the best one so far.
    """

    kind = "judged"
    durable = False

    objectives: Sequence[tuple[int, float]]


@dataclass(frozen=True, kw_only=True)
class ExploitEnded(TrialEvent):
    """A member of a population has another one's network, and goes on with other values.

    Attributes:
        epoch: The epoch after which it was done.
        donor: Id of the trial whose network it was.
        params: The new values.
        overrides: The new values as values of the config.
    """

    kind = "perturb"

    epoch: int
    donor: str
    params: Mapping[str, Any]
    overrides: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TrialEnded(TrialEvent):
    """A trial has ended.

    Attributes:
        state: How it ended.
        reason: Why it failed; empty for other states.
        test: Metrics on the test split; finalists only.
    """

    kind = "end"

    state: State
    reason: str
    test: Mapping[str, float] = field(default_factory=dict)
