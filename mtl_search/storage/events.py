"""Events of a journal, one class a kind.

The names of the fields, and their order, are those of the journal's lines: `time` comes first, and
`to_json` puts the event's kind before it. A field with a default may be missing in a line.
"""

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
class SweepStarted(Event):
    """A session begins: the first one, or a resume.

    Attributes:
        id: Twelve hexadecimal digits that tell sweeps of one name apart.
        name: The config's name.
        slots: Trials at a time.
        budget: Arm → number of trials that it is to have.
        custom_objective: Whether a function of the user's is the objective.
    """

    kind = "sweep"

    id: str
    name: str
    slots: int = 1
    budget: Mapping[str, int] = field(default_factory=dict)
    custom_objective: bool = False


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
class GenerationEnded(Event):
    """A population has met at this epoch, and all its exploits are written."""

    kind = "generation"

    arm: str
    epoch: int


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


@dataclass(frozen=True, kw_only=True)
class InitialPointsResolved(Event):
    """The loss weights are known that the search arm tries first.

    Attributes:
        points: Task → loss weight, of each point.
    """

    kind = "start"

    points: Sequence[Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class MetricScales(Event):
    """The scales are known on which metrics of different tasks are compared.

    Attributes:
        values: `<task>/<metric>` → its value for the best constant prediction of the training
            split, and for a perfect one.
        excluded: `<task>/<metric>` → why the metric has no scale, in words.
    """

    kind = "scales"

    values: Mapping[str, Sequence[float]]
    excluded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class VerdictLooked(Event):
    """The verdict was looked at: another chance to be wrong, which its interval allows for.

    Attributes:
        seeds: Fresh seeds of the networks that were compared.
        outcome: What the verdict was.
    """

    kind = "look"

    seeds: int
    outcome: str


@dataclass(frozen=True, kw_only=True)
class BaselineScored(Event):
    """A model of scikit-learn has been scored on a task, as a reference for its networks.

    Attributes:
        task: Name of the task.
        model: `linear` or `gradient_boosting`.
        metrics: `val/<task>/<metric>` and `test/<task>/<metric>` → value; empty after a failure.
        seconds: Time that it took.
        reason: Why it failed; else empty.
    """

    kind = "baseline"

    task: str
    model: str
    metrics: dict[str, float]
    seconds: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SweepCompleted(Event):
    """Every arm has spent its budget."""

    kind = "done"


_EVENTS: tuple[type[Event], ...] = (
    SweepStarted,
    TrialStarted,
    InfoReported,
    EpochEnded,
    ObjectivesRecomputed,
    ExploitEnded,
    GenerationEnded,
    TrialEnded,
    InitialPointsResolved,
    MetricScales,
    VerdictLooked,
    BaselineScored,
    SweepCompleted,
)
_CLASSES = {event.kind: event for event in _EVENTS}


def event_from_json(line: Mapping[str, Any]) -> Event | None:
    """Return the event of a journal's line; None for a kind that this version does not know.

    Fields that this version does not know are ignored.

    Raises:
        KeyError: The line has no time.
        TypeError: Another field is missing.

    Examples:
        >>> event_from_json({"event": "generation", "time": 0.5, "arm": "search", "epoch": 3})
        GenerationEnded(time=0.5, arm='search', epoch=3)
        >>> event_from_json({"event": "weather", "time": 0.5, "sky": "blue"}) is None
        True
    """
    event_class = _CLASSES.get(line["event"])
    if event_class is None:
        return None
    names = [f.name for f in fields(event_class) if f.name in line]
    return event_class(**{"time": line["time"], **{name: line[name] for name in names}})
