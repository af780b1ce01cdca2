"""How many trials a sweep has at least."""

from __future__ import annotations

from collections.abc import Iterable

from mtl_search.config import Config
from mtl_search.search.arms import EXPORTS, RACE_SEEDS, Arm


def trial_budget(config: Config, arms: Iterable[Arm]) -> dict[str, int]:
    """Return the least number of trials of each arm, finalists included.

    Offered settings, twins, more seeds where the verdict is open, and the best shared network on
    other partitions of the data come on top: they depend on what is found.
    """
    arms = list(arms)
    counts: dict[str, int] = {arm.name: arm.budget for arm in arms if arm.budget}
    finalists = config.search.finalists
    if not finalists.top:
        return counts
    for arm in arms:
        if arm.name.is_single or arm.name.is_shared:
            racing = min(finalists.top, len(EXPORTS) if arm.members else arm.budget)
            dropped = racing - 1
            counts[arm.name.final] = finalists.seeds + min(RACE_SEEDS, finalists.seeds) * dropped
        elif arm.name.is_ablation:
            counts[arm.name.final] = finalists.seeds
        if arm.name.is_single and finalists.splits and any(a.name.is_shared for a in arms):
            counts[arm.name.on_splits] = finalists.splits
    return counts
