"""How many trials fit while a sweep runs: nodes die, and come back.

The number of slots is settled when a sweep begins. A trial that lost its node goes on elsewhere, but only when there is
room for it: a worker group that was begun without room would wait for what the other slots hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from mtl_search.cluster import capacity, connection
from mtl_search.config.schema import ResourcesConfig
from mtl_search.errors import SweepError

_EVERY_S = 0.5

# Resources of each node of the cluster, and of those that its autoscaler may have.
Look = Callable[[], tuple[Sequence[capacity.Node], Sequence[capacity.Node]]]


class CapacityMonitor:
    """Counts the trials that fit at the moment.

    Args:
        wanted: Resources of a trial, and how long to wait for a node when none fits.
        most: Trials at a time when the sweep began.
        look: At the nodes.
    """

    def __init__(self, wanted: ResourcesConfig, most: int, look: Look = connection.nodes) -> None:
        self.most, self._wanted, self._look = most, wanted, look
        self._slots, self._looked = most, float("-inf")
        self._empty_since: float | None = None

    def slots(self) -> int:
        """Trials at a time, from 0 to those of the beginning.

        Raises:
            SweepError: For longer than the sweep is to wait, not one has fitted.
        """
        now = time.monotonic()
        if now - self._looked >= _EVERY_S:
            self._count(now)
        return self._slots

    def invalidate(self) -> None:
        """A process has died, perhaps with its node: the last count is worth nothing."""
        self._looked = float("-inf")

    def _count(self, now: float) -> None:
        nodes, later = self._look()
        self._looked, self._slots = (
            now,
            min(self.most, capacity.max_concurrent_trials(self._wanted, nodes, later)),
        )
        if self._slots:
            self._empty_since = None
            return
        self._empty_since = now if self._empty_since is None else self._empty_since
        if now - self._empty_since >= self._wanted.node_timeout_s:
            raise SweepError(
                f"nodes have gone, and for {self._wanted.node_timeout_s:g} seconds (resources.node_timeout_s) "
                f"{capacity.explain_capacity(self._wanted, nodes)}\nnothing is lost: --resume goes on where there is room"
            )
