"""Which configuration speaks for each arm: the best by validation on fresh seeds, never by test."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.analysis.estimate import MIN_SEEDS, Estimate
from mtl_search.storage.arm_name import SHARED, TWIN_SEPARATE, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


@dataclass(frozen=True)
class SharedNetwork:
    """The best network that tasks share, by the validation of fresh seeds.

    Attributes:
        arm: The arm that found it, `equal` or `search`.
        origin: Id of the trial that had its configuration first.
        depth: Its sharing depth.
        has_equal_weights: Whether all tasks have the same loss weight, and nothing adapts it.
        tasks: Number of its tasks.
    """

    arm: ArmName
    origin: str
    depth: Any
    has_equal_weights: bool
    tasks: int = 2

    @property
    def shares_nothing(self) -> bool:
        """Whether no two tasks have a stage in common, so that the networks are separate."""
        return self.tasks < 2 or shares_nothing(self.depth)


def shares_nothing(depth: Any) -> bool:
    """Return whether a sharing depth is 0, or that of all tasks but one.

    Examples:
        >>> shares_nothing(0), shares_nothing({"left": 0, "right": 2}), shares_nothing(None)
        (True, True, False)
    """
    if isinstance(depth, Mapping):
        return len([value for value in depth.values() if value > 0]) < 2
    return isinstance(depth, int) and depth == 0


def winner_of(record: SweepRecord, arm: ArmName) -> str | None:
    """Return the origin of an arm's best configuration, by the mean validation of its finalists.

    Configurations are compared on the seeds that all of them have, so that the winner of a race on
    two seeds stays the winner when it alone goes on.

    Args:
        record: The sweep's record.
        arm: The arm, without `final/`.

    Returns:
        Id of the trial; None where no finalist of the arm has ended well.
    """
    groups = _validation_by_seed(record, arm)
    # A single lucky seed loses against two.
    longest = max((min(len(values), MIN_SEEDS) for values in groups.values()), default=0)
    groups = {o: values for o, values in groups.items() if min(len(values), MIN_SEEDS) == longest}
    if not groups:
        return None
    means = _means_on_common_seeds(groups)
    return max(means, key=lambda origin: means[origin])  # the first of equals ranked higher


def recommended(record: SweepRecord) -> SharedNetwork | None:
    """Return the better of the networks that the arms `equal` and `search` speak by.

    Both are compared by the mean validation of the fresh seeds that they have in common. Of two
    alike it is that with equal weights.

    Args:
        record: The sweep's record.
    """
    groups: dict[str, dict[int, float]] = {}
    origins: dict[str, str] = {}
    for arm in SHARED:
        origin = winner_of(record, arm)
        if origin is not None:
            origins[arm] = origin
            groups[arm] = _validation_by_seed(record, arm)[origin]
    if not groups:
        return None
    means = _means_on_common_seeds(groups)
    best = max(means, key=lambda arm: means[arm])
    finalists = finalists_of(record, ArmName(best), origins[best])
    info = next(iter(finalists.values())).info
    weights = list(info.get("weights", {}).values())
    # Version 0.1 did not always say which tasks there were.
    tasks = info.get("tasks") or weights or [None, None]
    return SharedNetwork(
        arm=ArmName(best),
        origin=origins[best],
        depth=info.get("depth"),
        has_equal_weights=not info.get("adaptive", False) and len(set(weights)) <= 1,
        tasks=len(tasks),
    )


def better_separate(
    record: SweepRecord, singles: Mapping[str, str], twin: str | None, weights: Mapping[str, float]
) -> ArmName | None:
    """Return which separate networks are better by the mean validation of fresh seeds.

    Args:
        record: The sweep's record, whose objective is the mean skill.
        singles: Main task → origin of its tuned single-task network.
        twin: Origin of the shared network whose twin shares nothing; None: there is no twin.
        weights: Main task → its part of the mean over tasks.

    Returns:
        `twin/separate`, or `single` for the tuned networks; None where one of both is missing.
    """
    if twin is None or set(singles) != set(weights):
        return None
    means = {}
    for task, origin in singles.items():
        values = [
            t.best_objective for t in finalists_of(record, ArmName.single(task), origin).values()
        ]
        means[task] = statistics.fmean(values) if values else -math.inf
    of_twin = [t.best_objective for t in finalists_of(record, TWIN_SEPARATE, twin).values()]
    if not of_twin:
        return None
    tuned = math.fsum(weights[task] * means[task] for task in singles)
    return TWIN_SEPARATE if statistics.fmean(of_twin) > tuned else ArmName("single")


def finalists_of(record: SweepRecord, arm: ArmName, origin: str) -> dict[int, TrialRecord]:
    """Return the finalists of a configuration that ended well, by seed index.

    Args:
        record: The sweep's record.
        arm: The arm, without `final/`.
        origin: Id of the trial whose configuration they have.
    """
    finalists = record.arm(arm.final)
    indices = seed_indices(finalists)
    return {
        indices[trial.id]: trial
        for trial in finalists
        if trial.origin == origin and _ended_well(trial)
    }


def seed_indices(finalists: Sequence[TrialRecord]) -> dict[str, int]:
    """Return the seed index of each finalist: its place among those of the same configuration.

    Args:
        finalists: All finalists of an arm, by number; also those that failed, since they have had
            their seeds.
    """
    count: Counter[str] = Counter()
    indices = {}
    for trial in finalists:
        indices[trial.id] = count[trial.origin]
        count[trial.origin] += 1
    return indices


def missing_note(arm: ArmName, record: SweepRecord, origin: str) -> str:
    """Say which finalists of a configuration do not count, and why; empty where all do."""
    finalists = [trial for trial in record.arm(arm.final) if trial.origin == origin]
    failed = sum(trial.state in ("FAIL", "PRUNED") for trial in finalists)
    running = sum(trial.state == "RUNNING" for trial in finalists)
    usable = sum(_ended_well(trial) for trial in finalists)
    counts = {
        "failed": failed,
        "not finished": running,
        "without test metrics": len(finalists) - usable - failed - running,
    }
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.items() if count)
    if not reasons:
        return ""
    return f"{usable} of {len(finalists)} finalists of arm {arm} count ({reasons})"


def _ended_well(trial: TrialRecord) -> bool:
    return trial.state == "COMPLETE" and trial.objective is not None and bool(trial.test)


def _validation_by_seed(record: SweepRecord, arm: ArmName) -> dict[str, dict[int, float]]:
    """Return the best objectives of an arm's finalists: origin → seed index → objective."""
    finalists = record.arm(arm.final)
    indices = seed_indices(finalists)
    groups: dict[str, dict[int, float]] = {}
    for trial in finalists:
        if _ended_well(trial):
            groups.setdefault(trial.origin, {})[indices[trial.id]] = trial.best_objective
    return groups


def _means_on_common_seeds(groups: Mapping[str, Mapping[int, float]]) -> dict[str, float]:
    """Return the mean of each group over the seeds that all have; of all its seeds without any."""
    common = set.intersection(*(set(values) for values in groups.values()))
    means = {}
    for key, values in groups.items():
        seeds = common or set(values)
        means[key] = statistics.fmean(values[index] for index in seeds)
    return means


@dataclass(frozen=True)
class SelectedFinalist:
    """The configuration that speaks for an arm.

    Attributes:
        arm: The arm, without `final/`.
        origin: Id of the trial whose configuration it is.
        trials: Seed index → id of the finalist that has finished with this seed.
        parameters: Number of parameters of the network; None when no finalist said.
        depth: Sharing depth.
        test: Each test metric over the seeds.
    """

    arm: ArmName
    origin: str
    trials: dict[int, str]
    parameters: int | None
    depth: Any
    test: dict[str, Estimate]

    @property
    def shares_nothing(self) -> bool:
        """Whether the sharing depth is 0 for all tasks, so that the networks are separate."""
        return shares_nothing(self.depth)
