"""A Ray of this machine: what Tune's actors ask of it, and how it ends."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import ray
from ray._private import worker
from ray.tune.execution import class_cache

from mtl_search.cluster import local_ray


class Trainable:
    """Stands for a slot."""


def environment_asked_for() -> dict[str, object]:
    """Return the runtime environment that Tune asks for, for an actor."""
    actor = class_cache._ActorClassCache().get(Trainable)
    asked: dict[str, object] = actor._default_options["runtime_env"]
    return asked


def test_actors_ask_for_the_environment_of_rays_processes_and_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With variables of its own an actor gets none of the processes that have begun already."""
    monkeypatch.setenv("RAY_CHDIR_TO_TRIAL_DIR", "0")
    before = environment_asked_for()["env_vars"]
    assert isinstance(before, dict)
    assert before["RAY_CHDIR_TO_TRIAL_DIR"] == "0"
    with local_ray.inherited_environment():
        assert environment_asked_for() == {}
    assert environment_asked_for()["env_vars"] == before
    assert class_cache.DEFAULT_ENV_VARS == local_ray._ASKED_BY_TUNE  # Ray's processes have them


def test_the_autoscaler_is_ended_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    node = SimpleNamespace(kill_monitor=lambda check_alive: steps.append(f"monitor {check_alive}"))
    monkeypatch.setattr(worker, "_global_node", node)
    monkeypatch.setattr(ray, "shutdown", lambda: steps.append("shutdown"))
    local_ray.stop()
    assert steps == ["monitor False", "shutdown"]
    monkeypatch.setattr(worker, "_global_node", None)
    local_ray.stop()
    assert steps[2:] == ["shutdown"]
