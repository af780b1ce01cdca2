"""Which placement groups are a worker group's, and when a group has waited for room too long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.training.workers import placement_groups
from mtl_search.training.workers.placement_groups import PlacementTimeout, mark_of


def _table(*bundles: dict[str, float], name: str = "", state: str = "CREATED") -> dict[str, Any]:
    return {"name": name, "state": state, "bundles": dict(enumerate(bundles))}


@pytest.mark.parametrize(
    ("table", "mark"),
    [
        (_table({"CPU": 1, "memory": 17}, {"CPU": 1, "memory": 17}), 17),
        (_table({"CPU": 2, "GPU": 1, "memory": 17.0}), 17),
        (_table({"memory": 1}), 0),  # Tune's, of a slot
        (_table({"CPU": 1}), 0),  # Tune's, of a slot that trains itself
        (_table({"CPU": 1, "memory": 2**30}), 0),  # someone's who wants the memory
        (_table({"CPU": 1, "memory": 17}, {"CPU": 1}), 0),
        (_table({"CPU": 1, "memory": 17}, name="mine"), 0),
        (_table({"CPU": 1, "memory": 17}, state="REMOVED"), 0),
    ],
)
def test_the_mark_of_a_group(table: dict[str, Any], mark: int) -> None:
    assert mark_of(table) == mark


class World:
    """A cluster's nodes, the state of one group in it, and the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.nodes, self.state, self.now = ["a", "b"], "CREATED", 0.0
        table = _table({"CPU": 1, "memory": 17})
        monkeypatch.setattr(placement_groups, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(
            placement_groups, "placement_group_table", lambda: {"x": {**table, "state": self.state}}
        )
        monkeypatch.setattr(
            placement_groups,
            "ray",
            SimpleNamespace(nodes=lambda: [{"NodeID": n, "Alive": True} for n in self.nodes]),
        )

    def expires_after(self, timeout: PlacementTimeout, seconds: int) -> bool:
        """Asked once a second."""
        answers = []
        for _ in range(seconds):
            self.now += 1
            answers.append(timeout.expired())
        return any(answers)


def test_only_a_group_that_lost_a_node_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    timeout = PlacementTimeout(17, patience=20)
    world.state = "PENDING"
    assert not world.expires_after(timeout, 1000)  # others may hold what it waits for
    world.nodes.remove("b")
    assert not world.expires_after(timeout, 15)
    world.state = "CREATED"
    assert not world.expires_after(timeout, 10)
    world.state = "RESCHEDULING"
    assert not world.expires_after(timeout, 20)
    assert world.expires_after(timeout, 10)


def test_a_group_that_found_another_node_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    timeout, other = PlacementTimeout(17), PlacementTimeout(18)
    world.nodes = ["b", "c"]
    assert not world.expires_after(timeout, 100)
    world.state = "PENDING"
    assert world.expires_after(timeout, 100)
    assert not world.expires_after(other, 100), "it is another group that waits"
