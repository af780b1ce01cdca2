"""The best configurations of an arm, by validation."""

from __future__ import annotations

from mtl_search.search.objectives import ArmObjectives
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


def ranked_trials(record: SweepRecord, objectives: ArmObjectives, arm: str) -> list[TrialRecord]:
    """Return the trials of an arm that trained to their end with fixed values, best first.

    No configuration is there twice; of two alike the better trial is taken.

    Args:
        record: The sweep's trials.
        objectives: The objectives by which the trials are compared.
        arm: The arm.
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
    return list(best_by_config.values())
