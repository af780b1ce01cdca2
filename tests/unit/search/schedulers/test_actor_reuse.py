"""Which actors a trial gives up for one that is warm."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.search.schedulers import actor_reuse


class Controller:
    """The part of Tune's controller that is touched."""

    def __init__(self, actor: str | None, live: list[str], started: set[str], ready: int) -> None:
        self._trial_to_actor = {TRIAL: actor} if actor else {}
        resources = SimpleNamespace(
            _request_to_ready_pgs={"one CPU": set(range(ready))},
            _request_to_staged_pgs={"one CPU": {"group"}},
        )
        self._actor_manager = SimpleNamespace(live_actors=live, _resource_manager=resources)
        self._started_actors = started

    def _maybe_reuse_cached_actor(self, trial: Any) -> bool:
        return True


class Trial:
    placement_group_factory = "one CPU"


TRIAL = Trial()


@pytest.mark.parametrize(
    ("actor", "live", "started", "ready", "state", "takes_the_idle_one"),
    [
        (None, [], set(), 1, "CREATED", True),
        ("own", [], set(), 0, "PENDING", True),  # it waits for room, and may do so for ever
        ("own", [], set(), 0, "CREATED", False),
        ("own", [], set(), 1, "PENDING", False),
        ("own", ["own"], set(), 0, "PENDING", False),
        (
            "own",
            ["own"],
            {"own"},
            0,
            "PENDING",
            True,
        ),  # it is at work already, and Tune knows what to do
    ],
)
def test_an_actor_that_is_starting_is_kept(
    actor: str | None,
    live: list[str],
    started: set[str],
    ready: int,
    state: str,
    *,
    takes_the_idle_one: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(actor_reuse, "placement_group_table", lambda group: {"state": state})
    controller: Any = Controller(actor, live, started, ready)
    actor_reuse.keep_starting(controller)
    assert controller._maybe_reuse_cached_actor(TRIAL) is takes_the_idle_one
