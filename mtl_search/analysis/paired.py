"""Paired comparison of two arms over seeds, with Student's t interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import special

from mtl_search.metrics.objective import delta_m, task_gains

Tasks = Mapping[str, tuple[str, ...]]
Runs = Mapping[int, Mapping[str, float]]

LEVEL = 0.95
MIN_SEEDS = 2
SAME = 1e-12  # gains this close are the same number but for rounding


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


@dataclass(frozen=True)
class Comparison:
    """One arm against another, seed by seed.

    Attributes:
        arm: The arm that is judged.
        against: The arm that it is compared with; `single` stands for all single-task arms.
        seeds: Seed indices at which both have finished.
        delta_m: Mean over main tasks of their gains.
        delta_m_per_metric: Mean over all metrics alike.
        gains: Task → gain of each main task.
    """

    arm: str
    against: str
    seeds: tuple[int, ...]
    delta_m: Estimate
    delta_m_per_metric: Estimate
    gains: dict[str, Estimate]

    @property
    def sign(self) -> int | None:
        """1: better, -1: worse, 0: the interval holds 0; None: too few seeds to tell."""
        value = self.delta_m
        if value.low is None or value.high is None:
            return None
        if value.high - value.low < SAME:
            return 0  # seeds that change nothing give no spread to judge by
        if value.low > 0:
            return 1
        return -1 if value.high < 0 else 0

    @property
    def without_spread(self) -> bool:
        """Whether all seeds gave the same gain other than 0, so that the interval says nothing."""
        value = self.delta_m
        return value.low is not None and value.mean - value.low < SAME < abs(value.mean)

    def numbers(self) -> str:
        """Return Δm with its interval, in words.

        Such as `Δm = +1.8 % (95 % interval +0.4 … +3.2 %, 3 seeds, test split)`.
        """
        value = self.delta_m
        name = "Δm" if self.against == "single" else "difference in Δm"
        mean = f"{name} = {100 * value.mean:+.1f} %"
        if value.low is None or value.high is None:
            return f"{mean}, 1 seed, test split"
        interval = f"95 % interval {100 * value.low:+.1f} … {100 * value.high:+.1f} %"
        return f"{mean} ({interval}, {len(self.seeds)} seeds, test split)"


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean with its 95 % Student-t interval.

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


def compare(
    arm: str, against: str, runs: Runs, references: Runs, tasks: Tasks
) -> Comparison | None:
    """Compare runs with the references of the same seed index; None where no index is common.

    Args:
        arm: The arm of the runs.
        against: The arm of the references.
        runs: Seed index → test metrics.
        references: Seed index → test metrics.
        tasks: Main tasks with their metrics.
    """
    seeds = sorted(set(runs) & set(references))
    if not seeds:
        return None
    pairs = [(runs[i], references[i]) for i in seeds]
    gains = [task_gains(run, reference, tasks, "test") for run, reference in pairs]
    return Comparison(
        arm=arm,
        against=against,
        seeds=tuple(seeds),
        delta_m=estimate([delta_m(*pair, tasks, "test") for pair in pairs]),
        delta_m_per_metric=estimate(
            [delta_m(*pair, tasks, "test", per_metric=True) for pair in pairs]
        ),
        gains={task: estimate([gain[task] for gain in gains]) for task in tasks},
    )


def difference(ours: Comparison, theirs: Comparison) -> Comparison | None:
    """Subtract their gains from ours, seed by seed; None where no seed index is common."""
    seeds = [index for index in ours.seeds if index in theirs.seeds]
    if not seeds:
        return None

    def paired(a: Estimate, b: Estimate) -> Estimate:
        mine = dict(zip(ours.seeds, a.values, strict=True))
        others = dict(zip(theirs.seeds, b.values, strict=True))
        return estimate([mine[index] - others[index] for index in seeds])

    return Comparison(
        arm=ours.arm,
        against=theirs.arm,
        seeds=tuple(seeds),
        delta_m=paired(ours.delta_m, theirs.delta_m),
        delta_m_per_metric=paired(ours.delta_m_per_metric, theirs.delta_m_per_metric),
        gains={task: paired(ours.gains[task], theirs.gains[task]) for task in ours.gains},
    )
