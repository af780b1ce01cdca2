"""The rules of a population, for `pbt` and what checks it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PBTConfig:
    """The rules of a population.

    Attributes:
        interval: Epochs between two generations.
        quantile: Part of the population that takes over a network, and part from which networks are
            taken.
        resample: Probability that a value is drawn anew instead of being multiplied.
        factors: Factors, one of which multiplies a value.
    """

    interval: int
    quantile: float
    resample: float
    factors: tuple[float, ...]
