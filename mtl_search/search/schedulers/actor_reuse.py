"""Lets the actors of a sweep's slots come up, although trials are shorter than that takes.

A trial that waits for its actor takes the first one that another trial leaves, and Tune then ends the actor that was
starting for it. Where an actor takes longer to start than trials take to train (on another node, say), the second slot
would never come up: each trial in turn gives up what was begun for it.
"""

from __future__ import annotations

from typing import Any

from ray.util import placement_group_table


def keep_starting(controller: Any) -> None:
    """Let a trial keep an actor that has its resources and is starting; the idle one is for the trial after it.

    Args:
        controller: Tune's, of this run alone.
    """
    reuse = controller._maybe_reuse_cached_actor  # noqa: SLF001  # Tune has no hook here

    def reuse_unless_starting(trial: Any) -> bool:
        return not is_starting(controller, trial) and bool(reuse(trial))

    controller._maybe_reuse_cached_actor = reuse_unless_starting  # noqa: SLF001


def is_starting(controller: Any, trial: Any) -> bool:
    """Whether the trial's own actor is on its way; one that still waits for room on a node may never come."""
    actor = controller._trial_to_actor.get(trial)  # noqa: SLF001
    if actor is None or actor in controller._started_actors:  # noqa: SLF001
        return False
    manager = controller._actor_manager  # noqa: SLF001
    return actor in manager.live_actors or _has_room(
        manager._resource_manager, trial.placement_group_factory
    )  # noqa: SLF001


def _has_room(resources: Any, request: Any) -> bool:
    """Whether a node has set aside what such an actor needs, which Tune hears when a process has started there."""
    groups = (resources._request_to_ready_pgs, resources._request_to_staged_pgs)  # noqa: SLF001
    ready, staged = (own.get(request, ()) for own in groups)
    return bool(ready) or any(
        placement_group_table(group).get("state") == "CREATED" for group in staged
    )
