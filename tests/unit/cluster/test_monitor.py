"""How many trials fit as nodes go and come."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.cluster import monitor as module
from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config.schema import ResourcesConfig
from mtl_search.errors import SweepError
from mtl_search.search.stoppers import StopWithoutCapacity

Clock = Callable[[float], None]


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Call it with seconds."""
    now = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def go(seconds: float) -> None:
        now[0] += seconds

    return go


def _census(
    nodes: list[int], later: tuple[int, ...] = (), most: int = 3, **wanted: Any
) -> CapacityMonitor:
    """Of nodes with so many CPUs; the list may change."""
    resources = ResourcesConfig.model_validate({"workers": 2, "node_timeout_s": 60, **wanted})
    return CapacityMonitor(
        resources,
        most,
        read_nodes=lambda: ([{"CPU": n} for n in nodes], [{"CPU": n} for n in later]),
    )


def test_it_follows_the_nodes_up_to_the_beginning(pass_time: Clock) -> None:
    nodes = [2, 2, 2]
    census = _census(nodes)
    for left, slots in (([2, 2, 2], 3), ([2, 1], 1), ([2, 1, 1], 2), ([9, 9], 3)):
        nodes[:] = left
        pass_time(1)
        assert census.slots() == slots


def test_between_two_looks_a_death_counts_at_once(pass_time: Clock) -> None:
    nodes = [2, 2]
    census = _census(nodes)
    assert census.slots() == 2
    nodes.pop()
    assert census.slots() == 2
    census.invalidate()
    assert census.slots() == 1


def test_after_its_patience_it_says_what_is_missing(pass_time: Clock) -> None:
    nodes = [1]
    census = _census(nodes)
    assert census.slots() == 0
    pass_time(59)
    assert census.slots() == 0
    nodes.append(1)
    pass_time(2)
    assert census.slots() == 1  # in time
    nodes.pop()
    pass_time(59)
    assert census.slots() == 0  # and the waiting begins anew
    pass_time(61)
    with pytest.raises(SweepError) as caught:
        census.slots()
    pass_time(1)
    told: list[SweepError] = []
    assert StopWithoutCapacity(census, told.append).stop_all()
    assert "room for 1 of 2" in str(told[0])
    for words in (
        "for 60 seconds (resources.node_timeout_s)",
        "in all: room for 1 of 2",
        "--resume goes on",
    ):
        assert words in str(caught.value)


def test_auto_waits_for_as_many_nodes_as_may_come_and_never_in_vain(pass_time: Clock) -> None:
    nodes = [0]
    census = _census(nodes, later=(1,) * 8, most=8, workers=1)
    for _ in range(9):
        pass_time(1000)
        assert census.slots() == 8
        nodes.append(1)


def test_nodes_that_an_autoscaler_may_bring_are_waited_for(pass_time: Clock) -> None:
    census = _census([], later=(8,), max_concurrent=3)
    pass_time(1000)
    assert census.slots() == 3
