"""Ends a Tune run at once, for what no trial can go on with: a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray import tune

from mtl_search.errors import DiskFullError


class Halt(tune.Stopper):
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
