"""Made-up scores of two kinds of networks whose true difference is known.

Shapes: S seeds, N test items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What scores are made of. Both sides are alike, so the true difference is 0.

    Attributes:
        seed: Standard deviation of what a seed does to all items.
        preference: Standard deviation of what one side does to an item, whatever the seed.
        interaction: Standard deviation of what a seed does to a single item.
        difficulty: Standard deviation of what an item does to both sides.
        shared: Share of the seeds' variance that both sides' runs of one number have in common.
        threshold: Items whose score is above it are right (1), others wrong (0); None leaves the
            scores as they are.
    """

    seed: float = 0.02
    preference: float = 0.25
    interaction: float = 0.25
    difficulty: float = 0.5
    shared: float = 0.0
    threshold: float | None = None

    def draw(
        self, random: np.random.Generator, seeds: tuple[int, int], items: int
    ) -> tuple[Scores, Scores]:
        """Return the scores of both sides, (S, N) each, with new seeds and new items."""
        difficulty_N = self.difficulty * random.normal(size=items)
        common_S = self.seed * random.normal(size=max(seeds))
        sides = (self._side(random, common_S[:count], difficulty_N) for count in seeds)
        ours, theirs = sides
        return ours, theirs

    def _side(self, random: np.random.Generator, common_S: Scores, difficulty_N: Scores) -> Scores:
        own_S = self.seed * random.normal(size=common_S.shape)
        seed_S = self.shared**0.5 * common_S + (1 - self.shared) ** 0.5 * own_S
        preference_N = self.preference * random.normal(size=difficulty_N.shape)
        scores_SN = self.interaction * random.normal(size=(len(seed_S), len(difficulty_N)))
        scores_SN += seed_S[:, None] + preference_N + difficulty_N
        if self.threshold is None:
            return scores_SN
        right_SN: Scores = (scores_SN > self.threshold).astype(np.float64)
        return right_SN
