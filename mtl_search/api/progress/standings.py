"""The standings of a sweep that runs, read again and again at a cost that does not grow."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


class Standings:
    """Count the trials of a sweep, and find the best one of each arm.

    A trial that has ended is looked at once. Only where the best of them has another objective than
    it had then, because the reference has changed, are all of them looked at again.

    Attributes:
        begun: Arm → number of trials that have begun.
        done: Number of trials that have ended.

    Examples:
        >>> Standings().read(SweepRecord()).done
        0
    """

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.done = 0
        self._read = 0  # number of trials that were looked at
        self._open: list[TrialRecord] = []  # those that had not ended
        self._settled: dict[str, tuple[TrialRecord, tuple[bool, float]]] = {}

    def read(self, record: SweepRecord) -> Standings:
        """Take in what has happened since the last time, and return itself.

        Args:
            record: The sweep, always the same one.
        """
        if any(_rank(trial) != rank for trial, rank in self._settled.values()):
            self._forget()
        new = list(islice(record.trials.values(), self._read, None))
        self._read += len(new)
        self.begun.update(trial.arm for trial in new)
        still_open = []
        for trial in [*self._open, *new]:
            if trial.finished:
                self._settle(trial)
            else:
                still_open.append(trial)
        self._open = still_open
        return self

    def best(self) -> dict[str, TrialRecord]:
        """Return the best trial of each arm; `equal` and `search` are one, `shared`."""
        best = {arm: trial for arm, (trial, _) in self._settled.items()}
        for trial in self._open:
            arm = _arm(trial)
            if _counts(trial) and (arm not in best or _rank(trial) > _rank(best[arm])):
                best[arm] = trial
        return {arm: best[arm] for arm in dict.fromkeys([*self.begun, *best]) if arm in best}

    def _settle(self, trial: TrialRecord) -> None:
        self.done += 1
        rank = _rank(trial)
        leader = self._settled.get(_arm(trial))
        if _counts(trial) and (leader is None or rank > leader[1]):
            self._settled[_arm(trial)] = trial, rank

    def _forget(self) -> None:
        self.begun.clear()
        self.done = self._read = 0
        self._open = []
        self._settled.clear()


def _counts(trial: TrialRecord) -> bool:
    if trial.is_finalist or trial.is_warmup or trial.state == "FAIL":
        return False
    return trial.objective is not None


def _arm(trial: TrialRecord) -> str:
    return "shared" if trial.arm.is_shared else trial.arm


def _rank(trial: TrialRecord) -> tuple[bool, float]:
    """Rank a trial among those of its arm.

    A member of a population ranks below what was trained with fixed values, once that has ended.
    Trials with the settings of another arm are like those that were drawn.
    """
    if trial.is_member:
        return False, trial.best_objective
    follows_population = bool(trial.role) and not trial.is_offered
    return trial.finished or not follows_population, trial.best_objective
