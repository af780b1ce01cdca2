"""Which configurations are trained again on fresh seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mtl_search.config.schema import Finalists
from mtl_search.search.arms import Arm
from mtl_search.search.objectives import ArmObjectives
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class Finalist:
    """Describe a finalist that has not begun.

    Attributes:
        arm: The arm of finalists that it belongs to.
        origin: Id of the trial whose configuration it trains again.
    """

    arm: ArmName
    origin: str


def choose_finalists(
    arms: Iterable[Arm], record: SweepRecord, objectives: ArmObjectives, settings: Finalists
) -> list[Finalist]:
    """Return every finalist that has not begun, seed by seed.

    Args:
        arms: The arms that have finalists.
        record: The sweep's trials.
        objectives: The objectives by which an arm's best are chosen.
        settings: How many configurations of an arm, and how many seeds of each.
    """
    finalists: list[Finalist] = []
    if not settings.top:
        return finalists
    for arm in arms:
        count = settings.top if arm.name.is_shared else 1
        for origin in _best_of(record, objectives, arm.origin, count):
            begun = sum(trial.origin == origin.id for trial in record.arm(arm.name.final))
            finalists += [Finalist(arm.name.final, origin.id)] * (settings.seeds - begun)
    return finalists


def _best_of(
    record: SweepRecord, objectives: ArmObjectives, arm: str, count: int
) -> list[TrialRecord]:
    """Return the best trials of an arm that trained to their end with fixed values.

    No configuration is there twice; of two alike the better trial is taken.
    """
    ranked: list[tuple[float, TrialRecord]] = []
    for trial in record.arm(arm):
        if trial.state == "COMPLETE" and not trial.is_member:
            best = objectives.best(trial)
            if best is not None:
                ranked.append((best, trial))
    # A stable sort: of equal objectives the trial that began first is ahead.
    ranked.sort(key=lambda pair: -pair[0])
    best_by_config: dict[str, TrialRecord] = {}
    for _, trial in ranked:
        best_by_config.setdefault(trial.config_hash, trial)
    return list(best_by_config.values())[:count]
