"""What may follow what in a journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from mtl_search.storage.events import (
    EpochEnded,
    Event,
    ExploitEnded,
    ObjectivesRecomputed,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from mtl_search.storage.lines.order import Order

BEGIN = SweepStarted(id="ab12", name="toy")


def started(name: str, number: int = 0, **fields: Any) -> TrialStarted:
    values: dict[str, Any] = {"params": {}, "distributions": {}, "overrides": {}, "seed": 0}
    return TrialStarted(id=name, arm="search", number=number, **values, **fields)


def epoch(name: str) -> EpochEnded:
    return EpochEnded(id=name, epoch=1, metrics={}, objective=0.5, seconds=1.0)


def ended(name: str) -> TrialEnded:
    return TrialEnded(id=name, state="COMPLETE", reason="")


def last_problem(events: Sequence[Event]) -> str:
    order = Order()
    *before, last = events
    assert [order.problem(event) for event in before] == [""] * len(before)
    return order.problem(last)


@pytest.mark.parametrize(
    "events",
    [
        [BEGIN, started("a"), epoch("a"), BEGIN, epoch("a"), ended("a"), SweepCompleted()],
        [BEGIN, started("a"), ended("a"), ObjectivesRecomputed(id="a", objectives=[])],
        [BEGIN, started("a"), started("b", 1, origin="a"), ended("b"), epoch("a")],
    ],
)
def test_a_sweep_and_its_resume(events: list[Event]) -> None:
    assert last_problem(events) == ""


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([SweepCompleted()], "begins with the event 'sweep', not with 'done'"),
        ([BEGIN, SweepStarted(id="cd34", name="toy")], "of another sweep, 'toy' (cd34)"),
        ([BEGIN, SweepStarted(id="ab12", name="other")], "of another sweep, 'other'"),
        ([BEGIN, started("a"), BEGIN, started("a")], "'a' has begun before: lines are doubled"),
        ([BEGIN, started("a"), started("b", 2)], "2 of the arm 'search' follows 1 others"),
        ([BEGIN, started("a", origin="b")], "its origin, the trial 'b', has not begun"),
        ([BEGIN, epoch("a")], "the trial 'a' has not begun"),
        ([BEGIN, started("a"), ended("a"), ended("a")], "has ended before"),
        ([BEGIN, started("a"), ended("a"), epoch("a")], "has ended before"),
        (
            [BEGIN, started("a"), TrialEnded(id="a", state="RUNNING", reason="")],
            "does not end as 'RUNNING'",
        ),
        (
            [
                *(BEGIN, started("a")),
                ExploitEnded(id="a", epoch=1, donor="b", params={}, overrides={}),
            ],
            "'b', whose network it takes, has not begun",
        ),
    ],
)
def test_what_cannot_follow(events: list[Event], said: str) -> None:
    assert said in last_problem(events)
