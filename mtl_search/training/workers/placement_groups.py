"""Whether a worker group that has lost a node should go on waiting for room.

Ray Train asks for the lost workers' resources again and again. Where they are what other slots hold, that is for ever:
a slot gives nothing back between two trials, and at the end of a sweep it is idle while the last trial waits. So the
group gives up, and its trial goes to the next slot that is free.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import ray
from ray.tune import Callback
from ray.util import list_named_actors, placement_group_table, remove_placement_group
from ray.util.placement_group import PlacementGroup

from mtl_search.training.workers.mailbox import MAILBOX, MOST_BYTES

_EVERY_S = 5.0


class PlacementTimeout:
    """Looks for one group, now and then.

    Args:
        mark: The bytes of memory that tell the group's placement group from all others.
        patience: Seconds that it may wait for room once a node is gone.
    """

    def __init__(self, mark: int, patience: float = 20.0) -> None:
        self._mark, self._patience = mark, patience
        self._nodes = _living_nodes()
        self._looked = time.monotonic()
        self._since: float | None = None

    def lasts(self) -> bool:
        """Whether it has waited for too long; never where no node is gone, and it only waits for others to end."""
        now = time.monotonic()
        if now - self._looked < min(_EVERY_S, self._patience / 2):
            return False
        self._looked = now
        if not self._waits() or self._nodes <= _living_nodes():
            self._since = None
            return False
        self._since = now if self._since is None else self._since
        return now - self._since >= self._patience

    def _waits(self) -> bool:
        own = [table for table in placement_group_table().values() if mark_of(table) == self._mark]
        return any(table["state"] != "CREATED" for table in own)


def mark_of(table: dict[str, Any]) -> int:
    """The bytes of memory that a group's bundles ask for beside CPUs; 0 for placement groups of others, Tune's too.

    Args:
        table: A placement group, as Ray lists it.
    """
    bundles = table["bundles"].values()
    amounts = {bundle.get("memory", 0) for bundle in bundles if "CPU" in bundle}
    if table["name"] or table["state"] == "REMOVED" or len(amounts) != 1:
        return 0
    (amount,) = amounts
    return int(amount) if 0 < amount < MOST_BYTES else 0


def _living_nodes() -> set[str]:
    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


logger = logging.getLogger(__name__)


_EVERY_S = 1.0


class PlacementGroupCleaner(Callback):
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
