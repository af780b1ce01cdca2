"""Deletes the networks that a sweep has no use for, as it goes, and brings the others home from the storage."""

from __future__ import annotations

import logging
from pathlib import Path

from mtl_search.config import Config
from mtl_search.storage import sweep_directory
from mtl_search.storage.events import Event, TrialEnded
from mtl_search.storage.records import SweepRecord, TrialRecord
from mtl_search.storage.remote import RemoteStorage, below
from mtl_search.storage.trial_directory import fetch, sweep_folder_name, trial_storage

logger = logging.getLogger(__name__)


class CheckpointRetention:
    """Keeps the best network of each arm, and those of finalists; all other trials leave only their journal lines.

    So do all members of a population: their networks were made with values that changed, and the best of an arm is one
    that was trained with fixed ones.
    """

    def __init__(self, directory: Path, config: Config) -> None:
        self._directory, self._config = directory, config
        self._best: dict[str, TrialRecord] = {}

    def __call__(self, event: Event, record: SweepRecord) -> None:
        """Look at one event of the journal."""
        if isinstance(event, TrialEnded):
            self._clean_up(record.trials[event.id], record)

    def clean_up_finished(self, record: SweepRecord) -> None:
        """Do what an earlier session wrote the ends of trials for, and was killed before it had done."""
        here = {path.parent.name for path in (self._directory / "trials").glob("*/*")}
        left = here | self._in_storage(record)
        for trial in record:
            if trial.finished and trial.id in left:
                self._clean_up(trial, record)

    def _clean_up(self, ended: TrialRecord, record: SweepRecord) -> None:
        loser = None if ended.is_finalist else self._worse(ended, record)
        self._empty_storage(ended, record, keep=loser is not ended)
        sweep_directory.forget_checkpoints(self._directory, ended.id, best=loser is ended)
        if loser is not None and loser is not ended:
            sweep_directory.forget_checkpoints(self._directory, loser.id, best=True)

    def _worse(self, ended: TrialRecord, record: SweepRecord) -> TrialRecord | None:
        """Which of the trial that ended and the best of its arm so far is the worse one; the other is kept."""
        if ended.is_member:
            return ended
        if ended.arm not in self._best:
            others = [
                t
                for t in record.arm(ended.arm)
                if t.finished and t is not ended and not t.is_member
            ]
            # After an extension the best may be one whose network was let go when it was not.
            earlier = [t for t in others if (self._directory / "trials" / t.id / "best").exists()]
            self._best[ended.arm] = max(earlier, key=_rank, default=ended)
        best = self._best[ended.arm]
        if best is ended:
            return None
        self._best[ended.arm], loser = (
            (ended, best) if _rank(ended) > _rank(best) else (best, ended)
        )
        return loser

    def _in_storage(self, record: SweepRecord) -> set[str]:
        """Ids of trials that have a folder there."""
        uri = self._config.resources.storage
        try:
            return (
                set(RemoteStorage(below(uri, sweep_folder_name(record))).folders())
                if uri
                else set()
            )
        except OSError as error:
            logger.error("what trials have left in %s is not known: %s", uri, error)
            return set()

    def _empty_storage(self, ended: TrialRecord, record: SweepRecord, *, keep: bool) -> None:
        """Delete what the trial has in the storage; a network that is kept comes to the sweep's folder before."""
        uri = trial_storage(self._config, record, ended.id)
        if not uri:
            return
        try:
            storage = RemoteStorage(uri)
            if keep:
                fetch(storage, "best", self._directory / "trials" / ended.id / "best")
            storage.delete()
        except OSError as error:
            logger.error("the files of trial %s stay in %s: %s", ended.id, uri, error)


def _rank(trial: TrialRecord) -> tuple[float, int]:
    """Of two that are worth the same, everyone takes the one that began first."""
    return trial.best_objective, -trial.number
