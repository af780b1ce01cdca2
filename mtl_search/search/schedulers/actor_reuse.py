"""Let the actors of a sweep's slots come up, although trials are shorter than that takes.

A trial that waits for its actor takes the first one that another trial leaves, and Tune then ends
the actor that was starting for it. Where an actor takes longer to start than trials take to train
(on another node, say), the second slot would never come up: each trial in turn gives up the actor
that was starting for it.
"""

# Tune has no hook for any of this, so private members of its controller are read here.
# ruff: noqa: SLF001

from __future__ import annotations

from typing import Any

from ray.util import placement_group_table


def keep_starting(controller: Any) -> None:
    """Let a trial keep its actor that is starting; the idle one is for the trial after it.

    Args:
        controller: Tune's controller, which belongs to this run alone.
    """
    reuse = controller._maybe_reuse_cached_actor

    def reuse_unless_starting(trial: Any) -> bool:
        return not is_starting(controller, trial) and bool(reuse(trial))

    controller._maybe_reuse_cached_actor = reuse_unless_starting


def is_starting(controller: Any, trial: Any) -> bool:
    """Return whether the trial's own actor has its resources and is starting.

    An actor that still waits for room on a node does not count: it may never come.

    Args:
        controller: Tune's controller.
        trial: A trial of Tune's.
    """
    actor = controller._trial_to_actor.get(trial)
    if actor is None or actor in controller._started_actors:
        return False
    manager = controller._actor_manager
    return actor in manager.live_actors or _has_room(
        manager._resource_manager, trial.placement_group_factory
    )


def _has_room(resources: Any, request: Any) -> bool:
    """Return whether a node has set aside the resources of such an actor.

    Tune itself hears of that only when a process has started there.
    """
    if resources._request_to_ready_pgs.get(request):
        return True
    staged = resources._request_to_staged_pgs.get(request, ())
    return any(placement_group_table(group).get("state") == "CREATED" for group in staged)
