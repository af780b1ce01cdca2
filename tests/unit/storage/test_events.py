"""Events: each is written as its line of the journal, and read from it again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mtl_search.storage.events import (
    BaselineScored,
    DataDescribed,
    EnvironmentDescribed,
    EpochEnded,
    Event,
    ExploitEnded,
    GenerationEnded,
    InfoReported,
    InitialPointsResolved,
    MetricScales,
    ObjectivesRecomputed,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialStarted,
    VerdictLooked,
    event_from_json,
)

# Lines as version 0.1 wrote them, with the order of their fields.
LINES = [
    (
        SweepStarted,
        (
            '{"event": "sweep", "time": 1.5, "id": "f00", "name": "old", "slots": 2,'
            ' "budget": {"single/left": 2, "search": 4}, "custom_objective": false}'
        ),
    ),
    (
        TrialStarted,
        (
            '{"event": "trial", "time": 1.5, "id": "search-0000", "arm": "search", "number": 0,'
            ' "params": {"training.optimizer.lr": 0.1}, "distributions": {}, "overrides": {},'
            ' "seed": 7, "config_hash": "0123456789ab", "origin": "", "role": "member"}'
        ),
    ),
    (
        TrialStarted,
        (
            '{"event": "trial", "time": 1.5, "id": "split-equal-0001", "arm": "split/equal",'
            ' "number": 1, "params": {}, "distributions": {}, "overrides": {}, "seed": 7,'
            ' "config_hash": "0123456789ab", "origin": "equal-0003", "role": "", "split": 2}'
        ),
    ),
    (
        InfoReported,
        '{"event": "info", "time": 1.5, "id": "search-0000", "info": {"parameters": 3}}',
    ),
    (
        EpochEnded,
        (
            '{"event": "epoch", "time": 1.5, "id": "search-0000", "epoch": 1,'
            ' "metrics": {"val/left/accuracy": 0.5}, "objective": 0.25, "seconds": 0.125}'
        ),
    ),
    (
        ObjectivesRecomputed,
        '{"event": "judged", "time": 1.5, "id": "search-0000", "objectives": [[1, 0.5]]}',
    ),
    (
        ExploitEnded,
        (
            '{"event": "perturb", "time": 1.5, "id": "search-0000", "epoch": 1,'
            ' "donor": "search-0001", "params": {}, "overrides": {}}'
        ),
    ),
    (GenerationEnded, '{"event": "generation", "time": 1.5, "arm": "search", "epoch": 1}'),
    (
        TrialEnded,
        (
            '{"event": "end", "time": 1.5, "id": "search-0000", "state": "FAIL", "reason": "why",'
            ' "test": {}}'
        ),
    ),
    (InitialPointsResolved, '{"event": "start", "time": 1.5, "points": [{"left": 1.0}]}'),
    (
        MetricScales,
        (
            '{"event": "scales", "time": 1.5, "values": {"left/accuracy": [0.25, 1.0]},'
            ' "excluded": {"left/auroc": "only one outcome occurs in the test split"},'
            ' "directions": {}}'
        ),
    ),
    (
        DataDescribed,
        (
            '{"event": "data", "time": 1.5, "name": "table", "digest": "a1",'
            ' "splits": {"train": 3, "validation": 1, "test": 1}, "targets": {"left": "class"},'
            ' "classes": {"left": [["0", 2], ["1", 1]]}}'
        ),
    ),
    (
        EnvironmentDescribed,
        (
            '{"event": "environment", "time": 1.5, "versions": {"torch": "2.9.0"},'
            ' "platform": "Linux x86_64", "devices": {"CPU": 2.0}}'
        ),
    ),
    (
        VerdictLooked,
        '{"event": "look", "time": 1.5, "seeds": 5, "outcome": "sharing helps"}',
    ),
    (
        BaselineScored,
        (
            '{"event": "baseline", "time": 1.5, "task": "left", "model": "linear",'
            ' "metrics": {"val/left/accuracy": 0.5}, "seconds": 0.25, "reason": ""}'
        ),
    ),
    (SweepCompleted, '{"event": "done", "time": 1.5}'),
]


@pytest.mark.parametrize(("kind", "line"), LINES)
def test_a_line_is_written_as_it_was_read(kind: type[Event], line: str) -> None:
    event = event_from_json(json.loads(line))
    assert type(event) is kind
    assert json.dumps(event.to_json()) == line


@pytest.mark.parametrize(("kind", "line"), LINES)
def test_only_what_a_trial_can_say_again_may_be_lost(kind: type[Event], line: str) -> None:
    assert kind.durable == (kind not in (InfoReported, EpochEnded, ObjectivesRecomputed))


@pytest.mark.parametrize(("kind", "line"), LINES)
def test_each_field_without_a_default_is_needed(kind: type[Event], line: str) -> None:
    tree: dict[str, Any] = json.loads(line)
    optional = {"slots", "budget", "custom_objective", "config_hash", "origin", "role", "test"}
    optional |= {"excluded", "directions", "split", "devices", "classes"}
    if kind is BaselineScored:
        optional.add("reason")
    for name in set(tree) - {"event"} - optional:
        with pytest.raises((KeyError, TypeError), match=name):
            event_from_json({key: value for key, value in tree.items() if key != name})
    needed = {key: value for key, value in tree.items() if key not in optional}
    assert isinstance(event_from_json(needed), kind)


def test_an_event_is_of_now_unless_it_says_otherwise() -> None:
    first, second = SweepCompleted(), SweepCompleted()
    assert 0 < first.time <= second.time
