"""How many trials fit while a sweep runs: nodes die, and come back.

The number of slots is fixed when a sweep begins. A trial that lost its node goes on elsewhere, but
only when there is room for it: a worker group that was started without room would wait for
resources that the other slots hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from mtl_search.cluster import capacity, connection
from mtl_search.cluster.first_trial import FirstTrialWatch
from mtl_search.config.schema import ResourcesConfig
from mtl_search.errors import SweepError

_INTERVAL_S = 0.5

# Returns the resources of each node of the cluster, and of those that its autoscaler may have.
ReadNodes = Callable[[], tuple[Sequence[capacity.Node], Sequence[capacity.Node]]]


class CapacityMonitor:
    """Counts the trials that fit at the moment.

    Args:
        wanted: The resources of a trial, and how long to wait for a node when none fits.
        most: Trials at a time when the sweep began.
        read_nodes: Reads the nodes of the cluster.
        first_trial: Says that the first trial waits for other programs; None says nothing.
    """

    def __init__(
        self,
        wanted: ResourcesConfig,
        most: int,
        read_nodes: ReadNodes = connection.nodes,
        first_trial: FirstTrialWatch | None = None,
    ) -> None:
        self.most = most
        self._wanted = wanted
        self._read_nodes = read_nodes
        self._first_trial = first_trial
        self._slots = most
        self._counted_at = float("-inf")
        self._empty_since: float | None = None

    def slots(self) -> int:
        """Return how many trials fit, at most as many as when the sweep began.

        Raises:
            SweepError: None has fitted for longer than the sweep is to wait.
        """
        now = time.monotonic()
        if now - self._counted_at >= _INTERVAL_S:
            self._count(now)
        return self._slots

    def invalidate(self) -> None:
        """Count anew at the next call: a process has died, perhaps with its node."""
        self._counted_at = float("-inf")

    def _count(self, now: float) -> None:
        nodes, later = self._read_nodes()
        fitting = capacity.max_concurrent_trials(self._wanted, nodes, later)
        self._counted_at = now
        self._slots = min(self.most, fitting)
        if self._slots:
            if self._first_trial is not None:
                self._first_trial.update(now, nodes, later)
            self._empty_since = None
            return
        if self._empty_since is None:
            self._empty_since = now
        timeout = self._wanted.node_timeout_s
        if now - self._empty_since >= timeout:
            raise SweepError(
                f"nodes have gone, and for {timeout:g} seconds (resources.node_timeout_s) "
                f"{capacity.explain_capacity(self._wanted, nodes)}\n"
                "nothing is lost: --resume goes on where there is room"
            )
