"""Gather trials of one shape that no result of a running trial could change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mtl_search.data.dataset import Target
from mtl_search.search.context import SweepContext
from mtl_search.search.packs.shape import pack_shape
from mtl_search.search.trial_queue import TrialQueue
from mtl_search.storage.trial_info import DIED
from mtl_search.storage.trial_record import TrialRecord

# Members of a pack with `training.pack: auto`.
AUTO_SIZE = 16
# So many packs are drawn ahead, so that trials of each shape come together. With a time budget it
# is one, since what waits at its end is not trained.
_AHEAD = 4


class Packer:
    """Make packs of the trials that the queue hands out.

    Only trials that would be the same one after another are drawn ahead: the start-up trials of
    studies, one trial each of arms that search side by side, settings that arms offer each other,
    finalists on fresh seeds. So a search learns nothing later than it would without packs.

    Args:
        context: The objects that the parts of a session share.
        queue: The queue of trials.
        targets: The targets of the data set.
    """

    def __init__(
        self, context: SweepContext, queue: TrialQueue, targets: Mapping[str, Target]
    ) -> None:
        setting = context.config.training.pack
        self._limit = AUTO_SIZE if setting == "auto" else setting
        self._ahead = _AHEAD if context.config.search.time_budget is None else 1
        self._context = context
        self._queue = queue
        self._targets = targets
        self._shapes: dict[str, str] = {}  # id of a trial that waits → its shape
        self._refused: set[str] = set()  # shapes that cannot be trained as one program
        for trial in context.record:
            self._refuse(trial, trial.info.get("pack"))
        self._alone = {trial.id for trial in context.record if self._has_left_files(trial)}

    def members(
        self, record: TrialRecord, live: Sequence[TrialRecord], slots: int
    ) -> list[TrialRecord]:
        """Return the trial with those that are trained beside it.

        Args:
            record: The trial.
            live: The trials that run.
            slots: The number of slots that are free, among which trials are divided.
        """
        shape = self._shape(record) if self._limit > 1 else ""
        if not shape:
            self._shapes.pop(record.id, None)
            return [record]
        bag = self._gathered(record, live, self._limit * slots)
        same = [trial for trial in bag if self._shape(trial) == shape]
        members = same[: min(self._limit, math.ceil(len(same) / slots))]
        for member in members:
            del self._shapes[member.id]
        chosen = {member.id for member in members}
        self._queue.hold([trial for trial in bag if trial.id not in chosen])
        return members

    def _gathered(
        self, record: TrialRecord, live: Sequence[TrialRecord], wanted: int
    ) -> list[TrialRecord]:
        """Return a trial and further ones, so many of its shape if there are."""
        bag = [record]
        same = 1
        while same < wanted and len(bag) < wanted * self._ahead:
            further = self._queue.free_trial(record, [*live, *bag])
            if further is None:
                break
            bag.append(further)
            same += self._shape(further) == self._shape(record)
        return bag

    def separate(self, record: TrialRecord) -> None:
        """Let a trial be trained by itself from now on.

        Args:
            record: The trial.
        """
        self._alone.add(record.id)

    def hear(self, record: TrialRecord, pack: object) -> None:
        """Make no pack of a shape again that was taken apart.

        Args:
            record: A trial.
            pack: What it says of its pack, as in `TrialInfo`.
        """
        if pack != record.info.get("pack"):
            self._refuse(record, pack)

    def _refuse(self, record: TrialRecord, pack: object) -> None:
        # The death of a process may be that of its node, and says nothing about the shape.
        if isinstance(pack, str) and not pack.startswith(DIED):
            self._refused.add(self._compute_shape(record))

    def _shape(self, record: TrialRecord) -> str:
        if record.id not in self._shapes:
            is_single = record.is_member or record.split or record.id in self._alone
            self._shapes[record.id] = "" if is_single else self._compute_shape(record)
        shape = self._shapes[record.id]
        return "" if shape in self._refused else shape

    def _compute_shape(self, record: TrialRecord) -> str:
        arm = self._context.arm_of(record.arm, record.origin)
        return pack_shape(arm.config(self._context.config, record.overrides), self._targets)

    def _has_left_files(self, record: TrialRecord) -> bool:
        """Return whether a trial of an earlier session may be at another epoch than the first.

        Its checkpoint may be that of an epoch which it could not report.
        """
        if record.finished:
            return False
        in_storage = bool(self._context.config.resources.storage)
        folder = self._context.directory / "trials" / record.id
        return bool(record.epochs) or in_storage or folder.exists()
