"""Deletes the networks that a sweep has no use for, as it goes."""

from __future__ import annotations

from pathlib import Path

from mtl_search.search import folder
from mtl_search.search.records import Event, SweepRecord, TrialRecord


class Tidy:
    """Keeps the best network of each arm, and those of finalists; all other trials leave only their journal lines."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._best: dict[str, TrialRecord] = {}

    def __call__(self, event: Event, record: SweepRecord) -> None:
        """Look at one event of the journal."""
        if event["event"] != "end":
            return
        ended = record.trials[event["id"]]
        loser = None if ended.is_finalist else self._loser(ended, record)
        folder.forget_checkpoints(self._directory, ended.id, best=loser is ended)
        if loser is not None and loser is not ended:
            folder.forget_checkpoints(self._directory, loser.id, best=True)

    def _loser(self, ended: TrialRecord, record: SweepRecord) -> TrialRecord | None:
        """Which of the trial that ended and the best of its arm so far is the worse one; the other is kept."""
        if ended.arm not in self._best:
            earlier = [t for t in record.arm(ended.arm) if t.finished and t is not ended]
            self._best[ended.arm] = max(earlier, key=lambda t: t.worth, default=ended)
        best = self._best[ended.arm]
        if best is ended:
            return None
        self._best[ended.arm], loser = (ended, best) if ended.worth > best.worth else (best, ended)
        return loser
