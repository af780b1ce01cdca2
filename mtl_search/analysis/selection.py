"""How much of an arm's best validation value may be the luck of the best of many trials.

The best of K trials that differ by noise alone stands `expected_best(K)` standard deviations above
their mean. The deviation of the noise is that of the validation objective over the fresh seeds of
one configuration, pooled over the configurations of an arm's finalists:

    s² = Σ (n_g − 1) s_g² / Σ (n_g − 1)

A search whose best is not further above the mean of its trials has found nothing but luck.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mtl_search.analysis.statistics.selection_floor import expected_best
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


@dataclass(frozen=True)
class SelectionFloor:
    """What luck alone would show of an arm.

    Attributes:
        arm: The arm.
        trials: Number of trials whose best was taken.
        best: Their best validation objective.
        mean: Mean of their validation objectives.
        deviation: Standard deviation of the objective over seeds of one configuration; None where
            no configuration has two finalists.
        floor: What the best of as many trials would stand above their mean, if they differed by
            noise alone; None without a deviation.
    """

    arm: ArmName
    trials: int
    best: float
    mean: float
    deviation: float | None
    floor: float | None


def selection_floors(record: SweepRecord, arms: Iterable[ArmName]) -> list[SelectionFloor]:
    """Return the selection floor of each arm that has chosen a best trial.

    Args:
        record: The sweep's record.
        arms: Arms; finalists and warm-ups among them are passed over, since nothing is chosen
            there.
    """
    floors = []
    for arm in arms:
        if arm.is_repeat or arm.is_warmup:
            continue
        objectives = [t.best_objective for t in record.arm(arm) if t.is_result]
        if objectives:
            floors.append(_floor(arm, objectives, record.arm(arm.final)))
    return floors


def pooled_deviation(groups: Iterable[Sequence[float]]) -> float | None:
    """Return the standard deviation within groups; None where no group has two values.

    Examples:
        >>> pooled_deviation([[1.0, 3.0], [10.0, 12.0], [5.0]]) == 2**0.5
        True
    """
    squares, degrees = 0.0, 0
    for values in groups:
        if len(values) > 1:
            squares += (len(values) - 1) * statistics.variance(values)
            degrees += len(values) - 1
    return math.sqrt(squares / degrees) if degrees else None


def _floor(
    arm: ArmName, objectives: Sequence[float], finalists: Sequence[TrialRecord]
) -> SelectionFloor:
    by_origin: dict[str, list[float]] = {}
    for trial in finalists:
        if trial.state == "COMPLETE" and trial.objective is not None:
            by_origin.setdefault(trial.origin, []).append(trial.objective)
    deviation = pooled_deviation(by_origin.values())
    return SelectionFloor(
        arm=arm,
        trials=len(objectives),
        best=max(objectives),
        mean=statistics.fmean(objectives),
        deviation=deviation,
        floor=None if deviation is None else expected_best(len(objectives)) * deviation,
    )
