"""The mean of a metric over seeds, with Student's t interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

LEVEL = 0.95
MIN_SEEDS = 2


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % interval.

    Attributes:
        values: One value a seed, in the order of the seed index.
        mean: Mean of the values.
        low: Lower end of the interval; None for fewer than two values, which have no interval.
        high: Upper end of the interval.
    """

    values: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval; None where there is no interval."""
        return None if self.high is None else self.high - self.mean


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean with its 95 % Student-t interval.

    It says what seeds change on the samples at hand, and nothing of other samples.

    Args:
        values: At least one value.

    Examples:
        >>> estimate([0.25, 0.5, 0.75]).mean
        0.5
    """
    mean = statistics.fmean(values)
    count = len(values)
    if count < MIN_SEEDS:
        return Estimate(tuple(values), mean, None, None)
    # The quantile of Student's t, without `scipy.stats`, which takes half a second to import.
    quantile = float(special.stdtrit(count - 1, (1 + LEVEL) / 2))
    half = quantile * statistics.stdev(values) / math.sqrt(count)
    return Estimate(tuple(values), mean, mean - half, mean + half)
