"""Stoppers that end a whole Tune run: on a full disk, and when nodes stay away for too long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ray.tune import Stopper

from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.errors import DiskFullError, SweepError


class StopOnFullDisk(Stopper):
    """Ask Tune to stop all trials once the disk is full; none of them ends, so a resume goes on.

    An exception in one of Tune's callbacks would end the run as well, but it would leave processes
    of trials behind and arrive as a text in an error of Tune's.

    Attributes:
        error: The error that stops the run; None as long as there is room.
    """

    def __init__(self) -> None:
        self.error: DiskFullError | None = None

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Return whether to stop this trial alone: never."""
        return False

    def stop_all(self) -> bool:
        """Return whether to stop; Tune asks many times a second."""
        return self.error is not None

    @contextmanager
    def catch_full_disk(self) -> Iterator[None]:
        """Keep the first error that says that the disk is full; any other error goes on its way."""
        try:
            yield
        except DiskFullError as error:
            self.error = self.error or error


class StopWithoutCapacity(Stopper):
    """End a Tune run whose trials wait for a node that does not come; Tune waits for ever.

    Args:
        capacity_monitor: The monitor that knows for how long there has been no room.
        abort: Called with the reason.
    """

    def __init__(
        self, capacity_monitor: CapacityMonitor, abort: Callable[[SweepError], None]
    ) -> None:
        self._capacity_monitor = capacity_monitor
        self._abort = abort

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Return whether to stop this trial alone: never."""
        return False

    def stop_all(self) -> bool:
        """Return whether to stop; Tune asks many times a second."""
        try:
            self._capacity_monitor.slots()
        except SweepError as error:
            self._abort(error)
            return True
        return False

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing: Tune pickles it for a restore of its own, which is never used."""
        return {}
