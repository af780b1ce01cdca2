"""The placement groups of worker groups: when one waits in vain, and which have lost their slot.

Ray Train asks for the resources of lost workers again and again. Where other slots hold these, that
is for ever: a slot gives nothing back between two trials, and at the end of a sweep it is idle
while the last trial waits. So the group gives up, and its trial goes to the next slot that is free.

A placement group of Ray Train belongs to the job, and outlives the process of its slot. The bytes
of memory that its bundles ask for are its mark, which is also in the name of the group's mailbox.
The mailbox ends with the slot: a marked placement group without a mailbox is an orphan.
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

logger = logging.getLogger(__name__)

_CHECK_PLACEMENT_EVERY_S = 5.0
_CHECK_ORPHANS_EVERY_S = 1.0


class PlacementTimeout:
    """Watch whether one worker group waits too long for resources after a node was lost.

    Args:
        mark: The bytes of memory that mark the group's placement group.
        patience: Seconds that the group may wait once a node is gone.
    """

    def __init__(self, mark: int, patience: float = 20.0) -> None:
        self._mark = mark
        self._patience = patience
        self._nodes = _living_nodes()
        self._last_check = time.monotonic()
        self._waiting_since: float | None = None

    def expired(self) -> bool:
        """Return whether the group has waited too long.

        It never has where no node is gone: then it only waits for other groups to end.
        """
        now = time.monotonic()
        if now - self._last_check < min(_CHECK_PLACEMENT_EVERY_S, self._patience / 2):
            return False
        self._last_check = now
        if not self._waits() or self._nodes <= _living_nodes():
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = now
        return now - self._waiting_since >= self._patience

    def _waits(self) -> bool:
        tables = placement_group_table().values()
        return any(mark_of(table) == self._mark and table["state"] != "CREATED" for table in tables)


def mark_of(table: dict[str, Any]) -> int:
    """Return the bytes of memory that a worker group's bundles ask for besides CPUs.

    Args:
        table: A placement group, as Ray lists it.

    Returns:
        0 for a placement group that is no worker group's, such as Tune's own.
    """
    bundles = table["bundles"].values()
    amounts = {bundle.get("memory", 0) for bundle in bundles if "CPU" in bundle}
    if table["name"] or table["state"] == "REMOVED" or len(amounts) != 1:
        return 0
    (amount,) = amounts
    return int(amount) if 0 < amount < MOST_BYTES else 0


def _living_nodes() -> set[str]:
    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


class PlacementGroupCleaner(Callback):
    """Remove orphaned placement groups now and then, while Tune runs."""

    def __init__(self) -> None:
        self._last_check = 0.0

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Look for orphans once a second; Tune calls this many times a second."""
        if time.monotonic() - self._last_check >= _CHECK_ORPHANS_EVERY_S:
            self._last_check = time.monotonic()
            release_orphans()


def release_orphans() -> int:
    """Remove the placement groups of this job whose slot is gone; return how many there were."""
    living = {name for name in list_named_actors() if name.startswith(MAILBOX)}
    removed = 0
    for number, table in placement_group_table().items():
        if not number.endswith(ray.get_runtime_context().get_job_id()):
            continue  # another job's: the number ends with that of its job
        mark = mark_of(table)
        if mark and f"{MAILBOX}{mark}" not in living:
            logger.debug("the placement group %s has lost its slot", number)
            remove_placement_group(PlacementGroup(ray.PlacementGroupID(bytes.fromhex(number))))
            removed += 1
    return removed


def wait_for_slots(timeout: float = 15.0) -> None:
    """Wait after a sweep until its slots, their workers and placement groups are gone."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        ending = any(name.startswith(MAILBOX) for name in list_named_actors())
        if not release_orphans() and not ending:
            return
        time.sleep(0.1)
    logger.warning("a slot's workers did not end within %g seconds", timeout)
