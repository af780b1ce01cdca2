"""Events of a journal, one class a kind.

The names of the fields, and their order, are those of the journal's lines: `time` comes first, and
`to_json` puts the event's kind before it. A field with a default may be missing in a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from mtl_search.storage.trial_events import (
    EpochEnded,
    Event,
    ExploitEnded,
    InfoReported,
    ObjectivesRecomputed,
    TrialEnded,
    TrialEvent,
    TrialStarted,
)

__all__ = [
    "EVENT_CLASSES",
    "BaselineScored",
    "DataDescribed",
    "EnvironmentDescribed",
    "EpochEnded",
    "Event",
    "ExploitEnded",
    "GenerationEnded",
    "InfoReported",
    "InitialPointsResolved",
    "MetricScales",
    "ObjectivesRecomputed",
    "SearchStopped",
    "SweepCompleted",
    "SweepStarted",
    "TrialEnded",
    "TrialEvent",
    "TrialStarted",
    "VerdictLooked",
    "event_from_json",
]


@dataclass(frozen=True, kw_only=True)
class SweepStarted(Event):
    """A session begins: the first one, or a resume.

    Attributes:
        id: Twelve hexadecimal digits that tell sweeps of one name apart.
        name: The config's name.
        slots: Trials at a time.
        budget: Arm → number of trials that it is to have.
        custom_objective: Whether a function of the user's is the objective.
        format: Layout of the journal's lines from here on (see `lines.order`).
        config: The config of this session without secrets, as `config.yaml` has it; empty in
            earlier versions.
        handed_over: Parts of the sweep that were given in Python, of `data`, `space` and
            `objective`: no config describes them.
    """

    kind = "sweep"

    id: str
    name: str
    slots: int = 1
    budget: Mapping[str, int] = field(default_factory=dict)
    custom_objective: bool = False
    format: int = 1
    config: Mapping[str, Any] = field(default_factory=dict)
    handed_over: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the event as the object of its line; what earlier versions lack may be missing."""
        line = super().to_json()
        defaults = {"format": 1, "config": {}, "handed_over": ()}
        return {key: value for key, value in line.items() if value != defaults.get(key, ...)}


@dataclass(frozen=True, kw_only=True)
class GenerationEnded(Event):
    """A population has met at this epoch, and all its exploits are written."""

    kind = "generation"

    arm: str
    epoch: int


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
        directions: Metric of the user's → whether a higher value is better.
    """

    kind = "scales"

    values: Mapping[str, Sequence[float]]
    excluded: Mapping[str, str] = field(default_factory=dict)
    directions: Mapping[str, bool] = field(default_factory=dict)


class _Description(Event):
    """Base of the events that describe what a session runs with."""

    def description(self) -> dict[str, Any]:
        """Return the fields without the time."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "time"}


@dataclass(frozen=True, kw_only=True)
class DataDescribed(_Description):
    """The data set is known; written again only where it is another one.

    Attributes:
        name: Its name in the config.
        digest: Thirty-two hexadecimal digits that follow from its content (see `data.digest`).
        splits: Split → number of samples.
        targets: Target → its kind.
        classes: Target → its classes in the order of their numbers, each as its name and how many
            training samples have it; at most the first hundred. Journals of 0.2 have none.
    """

    kind = "data"

    name: str
    digest: str
    splits: Mapping[str, int]
    targets: Mapping[str, str]
    classes: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EnvironmentDescribed(_Description):
    """The environment of a session is known; written again only where it is another one.

    It names neither hosts nor paths nor users.

    Attributes:
        versions: Package, or `python` → version.
        platform: Operating system and processor architecture.
        devices: CPUs, and GPUs by their type → how many the cluster has.
    """

    kind = "environment"

    versions: Mapping[str, str]
    platform: str
    devices: Mapping[str, float] = field(default_factory=dict)


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
class SearchStopped(Event):
    """No trial of the search begins any more in this session, or none at all.

    Attributes:
        scope: `search`, after which the finalists are trained, or `sweep`.
        reason: Why: the time budget, or what a callback says.
        top: Configurations of each arm that race, where that is less than planned.
        seeds: Fresh seeds of the finalists, where that is less than planned.
    """

    kind = "stop"

    scope: str
    reason: str
    top: int | None = None
    seeds: int | None = None


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
    DataDescribed,
    EnvironmentDescribed,
    VerdictLooked,
    BaselineScored,
    SearchStopped,
    SweepCompleted,
)
# Kind, as it stands in a line → class.
EVENT_CLASSES: Mapping[str, type[Event]] = {event.kind: event for event in _EVENTS}


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
    event_class = EVENT_CLASSES.get(line["event"])
    if event_class is None:
        return None
    names = [f.name for f in fields(event_class) if f.name in line]
    return event_class(**{"time": line["time"], **{name: line[name] for name in names}})
