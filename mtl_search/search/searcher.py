"""The searcher of the sweep's Tune run: hands out trials and is told how they fare."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ray.tune.search import Searcher

from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config.secrets import conceal
from mtl_search.data.dataset import Target
from mtl_search.errors import DiskFullError, MtlSearchError, SweepError
from mtl_search.search.context import SweepContext
from mtl_search.search.packs.packer import Packer
from mtl_search.search.stoppers import StopOnFullDisk
from mtl_search.search.study import ArmStudies
from mtl_search.search.trial_log import TrialLog
from mtl_search.search.trial_queue import FINISHED, WAIT, TrialQueue
from mtl_search.storage.trial_info import DIED, State
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial_report import REPORTS, TrialReport, of_result

logger = logging.getLogger(__name__)


class ArmSearcher(Searcher):
    """Hand out the trials of a sweep, and write their epochs and ends to the journal.

    `TrialQueue` chooses the trials and `TrialLog` writes; this class is what Tune calls, and keeps
    track of Tune's own ids of trials, of crashes and of the error that ends the sweep.

    Args:
        context: The objects that the parts of a session share.
        capacity_monitor: Counts how many trials or packs may run at a time.
        targets: The targets of the data set.

    Attributes:
        error: The error that ends the sweep; Tune winds down before it is raised.
        disk_stopper: Stops the run on a full disk.
    """

    def __init__(
        self,
        context: SweepContext,
        capacity_monitor: CapacityMonitor,
        targets: Mapping[str, Target],
    ) -> None:
        super().__init__()
        self.error: MtlSearchError | None = None
        self.disk_stopper = StopOnFullDisk()
        self._context = context
        self._capacity_monitor = capacity_monitor
        # Tune's id → our records by id: one, or the members of a pack.
        self._live: dict[str, dict[str, TrialRecord]] = {}
        self._works = False  # whether any trial has ended otherwise than by a failure
        self._crashes: Counter[str] = Counter()  # our id of a trial → how often its process died
        self._studies = ArmStudies(context)
        self._log = TrialLog(context, self._studies)
        self._queue = TrialQueue(context, self._studies, self._log)
        self._packer = Packer(context, self._queue, targets)

    @property
    def finished(self) -> bool:
        """Whether every arm, finalists included, has spent its budget."""
        return self.error is None and not self._live and self._queue.exhausted

    # Tune's own FINISHED is a str, which its signature leaves out.
    def suggest(  # type: ignore[override]
        self, trial_id: str
    ) -> dict[str, Any] | str | None:
        """Return the next trial; None while nothing may begin yet; FINISHED after the last.

        Args:
            trial_id: Tune's id of the trial that would begin.
        """
        if len(self._live) >= self._capacity_monitor.most or self.disk_stopper.error is not None:
            return None
        try:
            return self._suggest(trial_id)
        except DiskFullError as error:
            self.disk_stopper.error = error
            return None
        except MtlSearchError as error:
            # To be raised where the user sees it, after Tune has wound down.
            self.error = error
            return str(self.FINISHED)

    def _suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        if self.error is not None:
            return None if self._live else str(self.FINISHED)
        # A sweep that has finished needs no room to say so.
        free = self._capacity_monitor.slots() - len(self._live) if not self.finished else 1
        if free < 1:
            return None
        live = [record for members in self._live.values() for record in members.values()]
        record = self._queue.next(live)
        if record is FINISHED:
            return str(self.FINISHED)
        if record is WAIT:
            return None
        assert isinstance(record, TrialRecord)
        members = self._packer.members(record, live, free)
        self._live[trial_id] = {member.id: member for member in members}
        specs = [self._queue.spec(member).to_json() for member in members]
        return {
            "id": record.id if len(members) == 1 else f"{record.id}+{len(members) - 1}",
            "arms": {member.id: str(member.arm) for member in members},
            "specs": [conceal(spec, self._context.vault) for spec in specs],
            "stops": f"{self._context.record.id}/{trial_id}" if len(members) > 1 else "",
        }

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Do nothing: `record_epoch` is told of every epoch, of the last one, too."""

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Write the end of a trial that ended by itself or was stopped.

        A trial whose process died comes to `record_crash`.
        """
        if error or not result or REPORTS not in result or self.disk_stopper.error is not None:
            return
        for name, report in of_result(result).items():
            if name in self._live.get(trial_id, {}):
                self._end(trial_id, name, report)
        self._live.pop(trial_id, None)

    def save(self, checkpoint_path: str) -> None:
        """Write an empty file: the journal holds the state, so Tune's snapshots need none."""
        Path(checkpoint_path).touch()

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing: Tune pickles it for a restore of its own, which is never used.

        The open journal could not be pickled.
        """
        return {}

    def abort(self, error: MtlSearchError) -> None:
        """End the sweep; a resume goes on with the trials that have not ended."""
        self.error = error

    def record_epoch(
        self, trial_id: str, reports: Mapping[str, TrialReport], stopped: Collection[str]
    ) -> None:
        """Write an epoch of a trial, or of the members of a pack.

        Args:
            trial_id: Tune's id of the trial or pack.
            reports: The reports of the epoch by our ids of the trials.
            stopped: The members that the scheduler has stopped.
        """
        members = self._live[trial_id]
        for report in reports.values():
            if report.cause == "disk" and self.disk_stopper.error is None:
                self.disk_stopper.error = DiskFullError(report.reason)
        for name, report in reports.items():
            if self.disk_stopper.error is None and name in members:
                self._packer.hear(members[name], report.info.get("pack"))
                with self.disk_stopper.catch_full_disk():
                    self._log.epoch(members[name], report)
        if self.disk_stopper.error is not None:
            return  # a resume goes on with all of them
        if len(members) == 1 and len(reports) == 1:
            return  # how a single trial ends comes to `on_trial_complete`
        for name, report in reports.items():
            if (report.state != "RUNNING" or name in stopped) and name in members:
                self._end(trial_id, name, report)

    def record_crash(self, trial_id: str, reason: str) -> None:
        """Start a trial whose process died again, or let it fail where that happened too often.

        It is a new trial of Tune's then: Tune's own retries (`max_failures`) do not cover a process
        that died between two trials, since Tune finds out when it hands the next trial to it, and
        ends that trial at once.

        Args:
            trial_id: Tune's id of the trial.
            reason: Why the process died.
        """
        self._capacity_monitor.invalidate()
        if self.disk_stopper.error is not None:
            return
        members = self._live.pop(trial_id, None)
        if members is None:  # it had ended, and something went wrong when that was written down
            self.error = SweepError(f"the sweep cannot go on: {reason}")
            return
        if len(members) > 1:
            self._separate(members.values(), reason)
            return
        for record in members.values():
            self._record_crash_of(record, reason)

    def _separate(self, members: Collection[TrialRecord], reason: str) -> None:
        """Let the members of a pack whose process died go on alone.

        Which of them is to blame shows then, and no other fails for it.
        """
        logger.warning(
            "the process of a pack of %d trials died; they go on one after another: %s",
            len(members),
            reason,
        )
        last_line = reason.strip().rpartition("\n")[2].strip()
        for record in members:
            self._packer.separate(record)
            self._queue.put_back(record)
            with self.disk_stopper.catch_full_disk():
                self._log.note(record, {"pack": f"{DIED}{last_line}"})

    def _record_crash_of(self, record: TrialRecord, reason: str) -> None:
        self._crashes[record.id] += 1
        crashes = self._crashes[record.id]
        if crashes <= self._context.config.search.retries:
            self._queue.put_back(record)
            return
        times = "1 time" if crashes == 1 else f"{crashes} times"
        with self.disk_stopper.catch_full_disk():
            self._log.end(record, "FAIL", f"its process died {times}: {reason}", {})
            self._stop_if_nothing_works(())

    def _end(self, trial_id: str, name: str, report: TrialReport) -> None:
        """Write the end of a trial that ended by itself or was stopped."""
        record = self._live[trial_id].pop(name)
        if report.state == "PAUSED":
            return
        # A trial that was still running has been stopped by the scheduler.
        state: State = "PRUNED" if report.state == "RUNNING" else report.state
        with self.disk_stopper.catch_full_disk():
            self._log.end(record, state, report.reason, report.test, report.items)
            self._stop_if_nothing_works(self._live[trial_id].values())

    def _stop_if_nothing_works(self, beside: Collection[TrialRecord]) -> None:
        """Abort where all trials so far have failed, as a mistake in the model or the data does.

        Args:
            beside: The members of the same pack that go on. One that trains is no failure so far,
                and those that fail are the first to end.
        """
        if self._works or any(record.epochs for record in beside):
            return
        ended = [trial for trial in self._context.record if trial.finished]
        self._works = any(trial.state != "FAIL" for trial in ended)
        if self._works or len(ended) < self._context.config.search.stop_after_failures:
            return
        self.error = SweepError(
            f"the first {len(ended)} trials have all failed, the last one with:\n"
            f"  {ended[-1].reason}\n  (search.stop_after_failures sets how many may)"
        )
