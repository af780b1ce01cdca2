"""Ends a Tune run at once, for what no trial can go on with: a full disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ray import tune
from ray.tune import Stopper

from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.errors import DiskFullError, SweepError


class StopOnFullDisk(tune.Stopper):
    """Asks Tune to stop all trials when there is an error; none of them is told to have ended, so a resume goes on.

    An exception in one of Tune's callbacks would end the run as well, but not the processes of its trials in order, and
    as a text in an error of Tune's.
    """

    def __init__(self) -> None:
        self.error: DiskFullError | None = None

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Whether to stop this trial."""
        return False

    def stop_all(self) -> bool:
        """Whether to stop; asked many times a second."""
        return self.error is not None

    @contextmanager
    def on_full_disk(self) -> Iterator[None]:
        """Halt where the disk turns out to be full; what else is raised here goes on its way."""
        try:
            yield
        except DiskFullError as error:
            self.error = self.error or error


class StopWithoutCapacity(Stopper):
    """Ends a Tune run whose trials wait for a node that does not come: Tune itself would wait with them for ever.

    Args:
        census: Whose patience it is.
        tell: Called with the reason.
    """

    def __init__(self, census: CapacityMonitor, tell: Callable[[SweepError], None]) -> None:
        self._census, self._tell = census, tell

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Which trial stops is not its business."""
        return False

    def stop_all(self) -> bool:
        """Asked many times a second."""
        try:
            self._census.slots()
        except SweepError as error:
            self._tell(error)
            return True
        return False

    def __getstate__(self) -> dict[str, Any]:
        """Tune pickles it for a restore of its own, which is never used."""
        return {}
