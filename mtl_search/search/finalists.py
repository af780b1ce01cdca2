"""Which configurations are trained again on fresh seeds."""

from __future__ import annotations

from collections.abc import Iterable

from mtl_search.config.schema import Finalists
from mtl_search.search.arms import Arm
from mtl_search.search.objectives import ArmObjectives
from mtl_search.storage.records import FINAL, SHARED, SweepRecord, TrialRecord


def choose_finalists(
    arms: Iterable[Arm], record: SweepRecord, referee: ArmObjectives, wanted: Finalists
) -> list[tuple[str, str]]:
    """Arm and origin of every finalist that has not begun, seed by seed."""
    chosen: list[tuple[str, str]] = []
    for arm in arms:
        count = wanted.top if arm.name in SHARED else 1
        for origin in _best_of(record, referee, arm.origin, count):
            begun = sum(trial.origin == origin.id for trial in record.arm(FINAL + arm.name))
            chosen += [(FINAL + arm.name, origin.id)] * (wanted.seeds - begun)
    return chosen if wanted.top else []


def _best_of(
    record: SweepRecord, referee: ArmObjectives, arm: str, count: int
) -> list[TrialRecord]:
    """The best trials of an arm that trained to their end with fixed values, no configuration twice."""
    trials = [
        trial for trial in record.arm(arm) if trial.state == "COMPLETE" and not trial.is_member
    ]
    judged = [(trial, referee.best(trial)) for trial in trials]
    ranked = sorted(((t, b[1]) for t, b in judged if b is not None), key=lambda pair: -pair[1])
    distinct = {trial.config_hash: trial for trial, _ in reversed(ranked)}
    return [trial for trial, _ in ranked if distinct[trial.config_hash] is trial][:count]
