"""Says why nothing happens: other programs use all of the cluster, and the first trial waits.

How many trials run at a time is counted on the whole of the nodes, since a sweep is to have the
cluster to itself. Where it has not, Ray gives it room when another program ends: another sweep
keeps its slots until then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import ray
from ray._private import state
from ray.util import placement_group_table

from mtl_search.cluster import capacity, this_node
from mtl_search.config.schema import ResourcesConfig

logger = logging.getLogger(__name__)

# A program that ends now is not worth a line.
_PATIENCE_S = 5.0
_AGAIN_S = 300.0

# Returns whether this program has room for a trial already, and what is free on each node.
ReadUse = Callable[[], tuple[bool, Sequence[capacity.Node]]]


def read_use() -> tuple[bool, list[dict[str, float]]]:
    """Return whether this program has room for a trial already, and what is free on each node."""
    job = ray.get_runtime_context().get_job_id()
    has_room = any(
        number.endswith(job)  # the number of a placement group ends with that of its job
        and group["state"] == "CREATED"
        and any("CPU" in bundle for bundle in group["bundles"].values())
        for number, group in placement_group_table().items()
    )
    free = state.available_resources_per_node()
    living = [node for node in ray.nodes() if node["Alive"]]
    return has_room, [free.get(node["NodeID"], node["Resources"]) for node in living]


class FirstTrialWatch:
    """Tells the user, now and then, that the first trial of a sweep waits for other programs.

    Args:
        wanted: The resources of a trial.
        read_use: Reads what is used.
    """

    def __init__(self, wanted: ResourcesConfig, read_use: ReadUse = read_use) -> None:
        self._wanted = wanted
        self._read_use = read_use
        self._has_begun = False
        self._since: float | None = None
        self._next = 0.0

    def update(self, now: float, nodes: capacity.Nodes, later: capacity.Nodes) -> None:
        """Look whether the first trial waits, and say so.

        Args:
            now: Seconds of a clock.
            nodes: The resources of each node of the cluster.
            later: The resources of all nodes that an autoscaler may have.
        """
        if self._since is None:
            self._since, self._next = now, now + _PATIENCE_S
        if self._has_begun or now < self._next:
            return
        self._next = now + _PATIENCE_S
        self._has_begun, free = self._read_use()
        if self._has_begun or self._fits(free) or self._may_grow(nodes, later):
            return
        self._next = now + _AGAIN_S
        waited = now - self._since
        still = f", for {waited / 60:.0f} minutes now" if waited >= _AGAIN_S else ""
        logger.warning(
            "other programs use all of this cluster; the first trial waits for them%s%s",
            still,
            f" ({this_node.OWN})" if this_node.is_used() else "",
        )

    def _fits(self, nodes: capacity.Nodes) -> bool:
        return capacity.worker_capacity(self._wanted, nodes) >= self._wanted.workers

    def _may_grow(self, nodes: capacity.Nodes, later: capacity.Nodes) -> bool:
        room = [capacity.worker_capacity(self._wanted, some) for some in (nodes, later)]
        return room[1] > room[0]
