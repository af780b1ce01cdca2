"""Gather trials of one shape that no result of a running trial could change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mtl_search.data.dataset import Target
from mtl_search.search.context import SweepContext
from mtl_search.search.packs.shape import pack_shape
from mtl_search.search.trial_queue import TrialQueue
from mtl_search.storage.trial_record import TrialRecord

# Members of a pack with `training.pack: auto`.
AUTO_SIZE = 16


class Packer:
    """Make packs of the trials that the queue hands out.

    Only trials that would be the same one after another are drawn ahead: the start-up trials of
    studies, settings that arms offer each other, finalists on fresh seeds. So a search learns
    nothing later than it would without packs.

    Args:
        context: The objects that the parts of a session share.
        queue: The queue of trials.
        targets: The targets of the data set.
        slots: Number of packs at a time, among which trials are divided.
    """

    def __init__(
        self,
        context: SweepContext,
        queue: TrialQueue,
        targets: Mapping[str, Target],
        slots: int,
    ) -> None:
        setting = context.config.training.pack
        self._limit = AUTO_SIZE if setting == "auto" else setting
        self._queue = queue
        self._targets = targets
        self._slots = max(1, slots)
        self._held: list[TrialRecord] = []
        self._resumed = {trial.id for trial in context.record}

    @property
    def holds_trials(self) -> bool:
        """Whether trials that have begun wait for a pack."""
        return bool(self._held)

    def take(self) -> TrialRecord | None:
        """Return a trial that waits, if any."""
        return self._held.pop(0) if self._held else None

    def members(self, record: TrialRecord, live: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Return the trial with those that are trained beside it.

        Args:
            record: The trial.
            live: The trials that run.
        """
        shape = self._shape(record) if self._limit > 1 else ""
        if not shape:
            return [record]
        bag = [record, *self._held]
        while len(bag) < self._limit * self._slots:
            further = self._queue.free_trial(record, [*live, *bag])
            if further is None:
                break
            bag.append(further)
        same = [record, *(trial for trial in bag[1:] if self._shape(trial) == shape)]
        members = same[: min(self._limit, math.ceil(len(same) / self._slots))]
        chosen = {trial.id for trial in members}
        self._held = [trial for trial in bag if trial.id not in chosen]
        return members

    def _shape(self, record: TrialRecord) -> str:
        # A trial of an earlier session may be at any epoch.
        if record.is_member or record.id in self._resumed or record.split:
            return ""
        return pack_shape(self._queue.spec(record).config, self._targets)
