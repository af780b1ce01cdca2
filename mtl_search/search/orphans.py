"""Frees what a worker group leaves behind when its slot's process is killed.

Ray ends the processes of such a group, because they belong to the slot's. Its placement group belongs to the job, so it
would stay and hold the resources that the next slot waits for. Ray Train has a helper that removes it; the helper needs
the dashboard, gives up where two clusters run on one machine, and comes too late for a group that was still starting.

There is no list of groups to keep: see `training.ray_group` for how a placement group tells whose it is.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import ray
from ray.tune import Callback
from ray.util import list_named_actors, placement_group_table, remove_placement_group
from ray.util.placement_group import PlacementGroup

from mtl_search.training.workers.mailbox import MAILBOX
from mtl_search.training.workers.placement_groups import mark_of

logger = logging.getLogger(__name__)

_EVERY_S = 1.0


class Reaper(Callback):
    """Looks for orphans now and then, while Tune runs."""

    def __init__(self) -> None:
        self._last = 0.0

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Called many times a second."""
        if time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            release_orphans()


def release_orphans() -> int:
    """Remove the placement groups of this job whose slot is gone; returns how many there were."""
    living = {name for name in list_named_actors() if name.startswith(MAILBOX)}
    found = 0
    for number, group in placement_group_table().items():
        # The number ends with that of the job.
        mark = mark_of(group) if number.endswith(ray.get_runtime_context().get_job_id()) else 0
        if mark and f"{MAILBOX}{mark}" not in living:
            logger.debug("the placement group %s has lost its slot", number)
            remove_placement_group(PlacementGroup(ray.PlacementGroupID(bytes.fromhex(number))))
            found += 1
    return found


def wait_for_slots(timeout: float = 15.0) -> None:
    """After a sweep: until its slots and all that they held are gone."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        ending = any(name.startswith(MAILBOX) for name in list_named_actors())
        if not release_orphans() and not ending:
            return
        time.sleep(0.1)
    logger.warning("a slot's workers did not end within %g seconds", timeout)
