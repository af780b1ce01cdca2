"""Which networks stay on the disk: those that a sweep has no use for are deleted as it goes."""

from __future__ import annotations

import logging
from pathlib import Path

from mtl_search.config import Config
from mtl_search.config.secrets import masked
from mtl_search.search.arms import RACE_SEEDS
from mtl_search.storage import sweep_directory
from mtl_search.storage.events import Event, TrialEnded
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.remote import RemoteStorage, below
from mtl_search.storage.trial_directory import fetch, sweep_folder_name, trial_storage
from mtl_search.storage.trial_record import TrialRecord

logger = logging.getLogger(__name__)


class CheckpointRetention:
    """Keep the best network of each arm, and those of winning finalists, in the sweep's folder.

    All other trials leave only their journal lines. So do all members of a population: their
    networks were made with values that changed, and the best of an arm is one that was trained with
    fixed values. So do trials on other partitions of the data, which are there to be judged alone.
    Networks that are kept come from the storage, if any, to the sweep's folder.

    Args:
        directory: The sweep's folder.
        config: The sweep's config.
    """

    def __init__(self, directory: Path, config: Config) -> None:
        self._directory = directory
        self._config = config
        self._best: dict[str, TrialRecord] = {}  # arm → the trial whose network is kept

    def __call__(self, event: Event, record: SweepRecord) -> None:
        """Clean up after a trial, where the event is its end.

        Args:
            event: An event of the journal.
            record: The sweep's trials, the event included.
        """
        if isinstance(event, TrialEnded):
            self._clean_up(record.trials[event.id], record)

    def clean_up_finished(self, record: SweepRecord) -> None:
        """Clean up after trials that an earlier session wrote the end of, and was killed then.

        Args:
            record: The sweep's trials.
        """
        local = {path.parent.name for path in (self._directory / "trials").glob("*/*")}
        uncleaned = local | self._in_storage(record)
        for trial in record:
            if trial.finished and trial.id in uncleaned:
                self._clean_up(trial, record)

    def _clean_up(self, ended: TrialRecord, record: SweepRecord) -> None:
        loser = None if ended.arm.is_final else self._worse(ended, record)
        self._empty_storage(ended, record, keep=loser is not ended)
        sweep_directory.forget_checkpoints(self._directory, ended.id, best=loser is ended)
        if loser is not None and loser is not ended:
            sweep_directory.forget_checkpoints(self._directory, loser.id, best=True)
        for dropped in self._dropped_by(ended, record):
            sweep_directory.forget_checkpoints(self._directory, dropped.id, best=True)

    def _dropped_by(self, ended: TrialRecord, record: SweepRecord) -> list[TrialRecord]:
        """Return the finalists that dropped out of a race whose winner has trained one seed more.

        Their networks would fill the disk: each arm has as many of them as of its winner.
        """
        if not ended.arm.is_final:
            return []
        siblings = record.arm(ended.arm)
        if sum(trial.origin == ended.origin for trial in siblings) <= RACE_SEEDS:
            return []
        return [trial for trial in siblings if trial.finished and trial.origin != ended.origin]

    def _worse(self, ended: TrialRecord, record: SweepRecord) -> TrialRecord | None:
        """Return the worse one of the trial that ended and the best of its arm so far.

        The other one is kept. None: the trial that ended is the first of its arm.
        """
        if ended.is_member or ended.arm.is_split:
            return ended
        best = self._best.get(ended.arm) or self._best_with_network(ended, record)
        if best is ended or _rank(ended) > _rank(best):
            self._best[ended.arm] = ended
            return None if best is ended else best
        self._best[ended.arm] = best
        return ended

    def _best_with_network(self, ended: TrialRecord, record: SweepRecord) -> TrialRecord:
        """Return the best finished trial of the arm that still has its network.

        After an extension the best may be one whose network was deleted when it was not the best.
        """
        candidates = []
        for trial in record.arm(ended.arm):
            has_network = (self._directory / "trials" / trial.id / "best").exists()
            if trial.finished and not trial.is_member and trial is not ended and has_network:
                candidates.append(trial)
        return max(candidates, key=_rank, default=ended)

    def _in_storage(self, record: SweepRecord) -> set[str]:
        """Return the ids of trials that have a folder in the storage."""
        uri = self._config.resources.storage
        if not uri:
            return set()
        try:
            return set(RemoteStorage(below(uri, sweep_folder_name(record))).folders())
        except OSError as error:
            logger.error(
                "what trials have left in %s is not known: %s", masked(uri), masked(str(error))
            )
            return set()

    def _empty_storage(self, ended: TrialRecord, record: SweepRecord, *, keep: bool) -> None:
        """Delete the trial's files in the storage; a network to keep is fetched before."""
        uri = trial_storage(self._config, record, ended.id)
        if not uri:
            return
        try:
            storage = RemoteStorage(uri)
            if keep:
                fetch(storage, "best", self._directory / "trials" / ended.id / "best")
            storage.delete()
        except OSError as error:
            logger.error(
                "the files of trial %s stay in %s: %s", ended.id, masked(uri), masked(str(error))
            )


def _rank(trial: TrialRecord) -> tuple[float, int]:
    """Return a key for comparing trials; of two alike, the one that began first is the better."""
    return trial.best_objective, -trial.number
