"""Which configurations are trained again on fresh seeds, stage by stage.

race      the best configurations of each arm, on two fresh seeds each
seeds     the winner of each race goes on to `search.finalists.seeds`
twins     the better of both shared winners again with one factor changed: nothing shared, equal
          weights, without an auxiliary task or, on request, a main one; on the same seeds
more      `search.finalists.max_seeds` for all that the verdict compares, where it is still open
          and more seeds could decide it
splits    the best shared network, the single-task networks and the twin that shares nothing again
          on `search.finalists.splits` random partitions of the data, one seed each

A stage begins when the trials of the one before have ended. All decisions follow from the journal,
so that a resumed sweep takes them again.

One trial's luck is the largest noise of a search: the best of three by the validation of fresh
seeds is worth more than more trials.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtl_search.analysis.finalists import recommended, winner_of
from mtl_search.analysis.judge import could_more_seeds_decide, judge
from mtl_search.search.arms import RACE_SEEDS, Arm
from mtl_search.search.context import SweepContext
from mtl_search.search.protocol.ranking import ranked_trials
from mtl_search.storage.arm_name import TWIN_SEPARATE, TWIN_WEIGHTS, ArmName
from mtl_search.storage.events import VerdictLooked
from mtl_search.storage.trial_record import TrialRecord


@dataclass(frozen=True)
class Finalist:
    """Describe a finalist that has not begun.

    Attributes:
        arm: The arm of finalists that it belongs to.
        origin: Id of the trial whose configuration it trains again.
        split: The random partition of the data that it trains on; 0 is the sweep's own.
    """

    arm: ArmName
    origin: str
    split: int = 0


class FinalistPlan:
    """Say which finalists may begin.

    Args:
        context: The objects that the parts of a session share.
    """

    def __init__(self, context: SweepContext) -> None:
        self._context = context
        self._settings = context.config.search.finalists
        self._racing = [
            arm for arm in context.arms.values() if arm.name.is_single or arm.name.is_shared
        ]

    @property
    def _top(self) -> int:
        stop = self._context.record.stop
        return self._settings.top if stop is None or stop.top is None else stop.top

    @property
    def _seeds_each(self) -> int:
        stop = self._context.record.stop
        return self._settings.seeds if stop is None or stop.seeds is None else stop.seeds

    def pending(self) -> list[Finalist]:
        """Return the finalists that may begin now; empty while others must end first.

        When it is empty and no trial runs, there is none left.
        """
        if not self._top:
            return []
        stages: list[Callable[[], list[Finalist]]] = [
            self._race,
            self._seeds,
            self._twins,
        ]
        if self._seeds_each >= self._settings.seeds:  # else there is no time for more
            stages += [self._more_seeds, self._splits]
        for stage in stages:
            missing = stage()
            if missing:
                return missing
            if any(trial.is_finalist and not trial.finished for trial in self._context.record):
                return []
        return []

    def _race(self) -> list[Finalist]:
        missing = []
        for arm in self._racing:
            candidates = self._candidates(arm)
            seeds = self._seeds_each
            if len(candidates) > 1:
                seeds = min(RACE_SEEDS, seeds)
            for trial in candidates:
                missing += self._missing(arm.name, trial.id, seeds)
        return missing

    def _candidates(self, arm: Arm) -> list[TrialRecord]:
        ranked = ranked_trials(self._context.record, self._context.objectives, arm.name)
        return ranked[: self._top]

    def _seeds(self) -> list[Finalist]:
        missing = []
        for arm in self._racing:
            origin = winner_of(self._context.record, arm.name)
            if origin is not None:
                missing += self._missing(arm.name, origin, self._seeds_each)
        return missing

    def _twins(self) -> list[Finalist]:
        missing = []
        for arm, origin in self._compared():
            missing += self._missing(arm, origin, self._seeds_each)
        return missing

    def _more_seeds(self) -> list[Finalist]:
        most = self._settings.looks[-1]
        if most == self._settings.seeds or not self._goes_on(most):
            return []
        missing = []
        for arm, origin in self._judged():
            missing += self._missing(arm, origin, most)
        return missing

    def _judged(self) -> list[tuple[ArmName, str]]:
        """Return the arms that the verdict compares, with the origins of their configurations."""
        record = self._context.record
        judged = []
        best = recommended(record)
        if best is not None:
            judged.append((best.arm.base, best.origin))
        for arm in self._racing:
            origin = winner_of(record, arm.name)
            if origin is not None and arm.name.is_single:
                judged.append((arm.name, origin))
        main = self._context.config.main_tasks
        return judged + [
            (arm, origin)
            for arm, origin in self._compared()
            if not (arm.is_ablation and arm.task in main)  # the verdict does not speak of them
        ]

    def _splits(self) -> list[Finalist]:
        """Return what is trained on other partitions, one after the other.

        Trials of one partition are neighbours, so that a process builds it once.
        """
        record = self._context.record
        best = recommended(record)
        singles = [arm.name for arm in self._racing if arm.name.is_single]
        origins = {arm: origin for arm in singles if (origin := winner_of(record, arm))}
        if best is None or not singles or len(origins) < len(singles):
            return []
        compared = [(best.arm.base, best.origin), *origins.items()]
        compared += [pair for pair in self._compared() if pair[0] == TWIN_SEPARATE]
        begun = {(trial.arm, trial.origin, trial.split) for trial in record}
        return [
            Finalist(arm.on_splits, origin, split)
            for split in range(1, self._settings.splits + 1)
            for arm, origin in compared
            if (arm.on_splits, origin, split) not in begun
        ]

    def _goes_on(self, most: int) -> bool:
        """Return whether more seeds are trained; once that has begun, it is carried through."""
        record = self._context.record
        if recommended(record) is None:
            return False
        begun = max(self._begun(arm, origin) for arm, origin in self._judged())
        if begun > self._settings.seeds:
            return True
        verdict = judge(record, self._context.config, self._context.directory)
        if begun not in record.looks:
            look = VerdictLooked(seeds=begun, outcome=verdict.outcome)
            self._context.journal.write(look)
        return could_more_seeds_decide(verdict, most)

    def _compared(self) -> list[tuple[ArmName, str]]:
        """Return the arms that the best shared network is compared with, and its origin."""
        best = recommended(self._context.record)
        if best is None or best.shares_nothing:
            return []
        compared = []
        for name in map(ArmName, self._context.arms):
            if name == TWIN_WEIGHTS and best.has_equal_weights:
                continue
            if name.is_twin or name.is_ablation:
                compared.append((name, best.origin))
        return compared

    def _missing(self, arm: ArmName, origin: str, seeds: int) -> list[Finalist]:
        """Return the finalists of a configuration that have not begun, failed ones not again."""
        return [Finalist(arm.final, origin)] * (seeds - self._begun(arm, origin))

    def _begun(self, arm: ArmName, origin: str) -> int:
        return sum(trial.origin == origin for trial in self._context.record.arm(arm.final))
