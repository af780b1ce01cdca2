"""One network against another: the gain in the measure, over seeds and test items.

Seeds and test items are both samples: other initial weights give another network, and another test
split other scores. The interval knows both (see `statistics.two_way`), so that it does not promise
more the more seeds are trained on the same test items.

S seeds, N test items
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mtl_search.analysis import formats
from mtl_search.analysis.estimate import MIN_SEEDS
from mtl_search.analysis.measure import Array, Measure, gain_in_words, mean_metrics
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.statistics.answers import Needed, needed
from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.improvement import (
    probability_of_improvement,
    probability_over_seeds,
)
from mtl_search.analysis.statistics.two_way import crossed_difference
from mtl_search.analysis.statistics.welch import seed_difference
from mtl_search.metrics.metric_key import metric_key
from mtl_search.metrics.objective import delta_m, task_gains


@dataclass(frozen=True)
class Run:
    """The test metrics of one seed of a network, or of the separate networks of all tasks.

    Attributes:
        test: `test/<task>/<metric>` → value.
        items: `<task>/<metric>` → the metric by test item (N,); empty where they are not known.
        item_count: Number of test items; more than N where the values are of blocks of items.
    """

    test: Mapping[str, float]
    items: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    item_count: int = 0


Runs = Mapping[int, Run]  # by seed index


@dataclass(frozen=True)
class TaskComparison:
    """What one task gains.

    Attributes:
        gain: The difference in the measure of this task.
        interval: Its 95 % interval; None for fewer than two seeds.
        improvement: Probability that a run of ours is better than a run of theirs.
        p_value: Two-sided, not adjusted for the number of tasks; None where there is none.
    """

    gain: Difference
    interval: tuple[float, float] | None
    improvement: float
    p_value: float | None


@dataclass(frozen=True)
class DeltaM:
    """Δm of the literature, both ways that are found there (see `metrics.objective`).

    Attributes:
        mean: Mean over tasks.
        per_metric: Mean over all metrics alike.
        tasks: Task → its relative gain.
    """

    mean: float
    per_metric: float
    tasks: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """One arm against another.

    Attributes:
        arm: The arm that is judged.
        against: The arm that it is compared with; `single` stands for all single-task arms.
        measure: What they are compared by.
        level: Coverage of the interval. It is above 0.95 where the verdict is looked at more than
            once, so that all looks together are right in 95 % of sweeps.
        gain: The weighted mean over tasks.
        interval: Its interval at `level`; None for fewer than two seeds.
        improvement: Mean over tasks of the probability that a run of ours is better than a run of
            theirs, over seeds and test items (Bouthillier et al. 2021).
        tasks: Task → what it gains.
        items: Number of test items; 0: they are not known.
        literature: Δm of the literature, by the mean test metrics; None where a metric is missing.
    """

    arm: str
    against: str
    measure: Measure
    level: float
    gain: Difference
    interval: tuple[float, float] | None
    improvement: float
    tasks: dict[str, TaskComparison]
    items: int = 0
    literature: DeltaM | None = None

    @property
    def delta_m(self) -> float | None:
        """Δm as the mean over tasks; None where it is not known."""
        return self.literature.mean if self.literature else None

    @property
    def sign(self) -> int | None:
        """1: better, -1: worse, 0: the interval holds 0; None: too few seeds to tell."""
        if self.interval is None:
            return None
        low, high = self.interval
        if not self.gain.has_spread:
            return 0  # seeds that change nothing give no spread to judge by
        if low > 0:
            return 1
        return -1 if high < 0 else 0

    def numbers(self) -> str:
        """Return the gain with its interval, in words.

        Such as `skill +1.8 points (95 % interval +0.4 … +3.2; 5 seeds × 1,000 test items)`.
        """
        mean = gain_in_words(self.measure.name, self.gain.mean)
        if self.interval is None:
            return f"{mean}, 1 seed" if max(self.gain.seeds) == 1 else f"{mean}, {self.sizes()}"
        low, high = self.interval
        interval = f"95 % interval {formats.signed(100 * low, 1)} … {formats.signed(100 * high, 1)}"
        return f"{mean} ({interval}; {self.sizes()})"

    def needed(self, margin: float) -> Needed:
        """Return how many seeds or test items would decide the comparison.

        Args:
            margin: Differences below this are practically equal.
        """
        number = needed(self.gain, margin, self.level)
        if number.items is None or self.items <= self.gain.items:
            return number
        # The comparison counts blocks of items, and a reader counts items.
        return Needed(number.seeds, round(number.items * self.items / self.gain.items))

    def sizes(self) -> str:
        """Return the numbers of seeds and test items, in words."""
        ours, theirs = self.gain.seeds
        seeds = f"{ours} seeds" if ours == theirs else f"{ours} and {theirs} seeds"
        return f"{seeds} × {self.items:,} test items" if self.items else seeds


def compare(
    arm: str,
    against: str,
    ours: Runs,
    theirs: Runs,
    *,
    measure: Measure,
    tasks: Tasks,
    level: float = 0.95,
) -> Comparison | None:
    """Compare the runs of one arm with those of another; None where one has none.

    Seeds are not paired: networks of other shapes have next to nothing in common by having the
    same seed, and Welch's degrees of freedom are then about twice those of pairs.

    Args:
        arm: The arm of our runs.
        against: The arm of their runs.
        ours: Seed index → run.
        theirs: Seed index → run.
        measure: What they are compared by.
        tasks: Main tasks with their metrics, for Δm.
        level: Coverage of the interval of the mean over tasks.
    """
    if not ours or not theirs:
        return None
    our_runs, their_runs = _runs_alike(ours, theirs)
    gain = _difference(
        [_mean_items(run, measure) for run in our_runs],
        [_mean_items(run, measure) for run in their_runs],
        [measure.value(run.test) for run in our_runs],
        [measure.value(run.test) for run in their_runs],
    )
    compared = {t: _compare_task(t, our_runs, their_runs, measure) for t in measure.tasks}
    return Comparison(
        arm=arm,
        against=against,
        measure=measure,
        level=level,
        gain=gain,
        interval=gain.interval(level),
        improvement=math.fsum(c.improvement for c in compared.values()) / len(compared),
        tasks=compared,
        items=max(our_runs[0].item_count, gain.items) if gain.items else 0,
        literature=_literature(our_runs, their_runs, tasks, measure),
    )


def _runs_alike(ours: Runs, theirs: Runs) -> tuple[list[Run], list[Run]]:
    """Return the runs of both with items, where each side has two of them; else all runs.

    One lost file must not cost what the others know of the test items.
    """
    all_runs = ([ours[i] for i in sorted(ours)], [theirs[i] for i in sorted(theirs)])
    with_items = ([r for r in all_runs[0] if r.items], [r for r in all_runs[1] if r.items])
    return with_items if min(map(len, with_items)) >= MIN_SEEDS else all_runs


def _compare_task(
    task: str, ours: Sequence[Run], theirs: Sequence[Run], measure: Measure
) -> TaskComparison:
    our_values = [measure.task_value(task, run.test) for run in ours]
    their_values = [measure.task_value(task, run.test) for run in theirs]
    our_items = [measure.task_items(task, run.test, run.items) for run in ours]
    their_items = [measure.task_items(task, run.test, run.items) for run in theirs]
    gain = _difference(our_items, their_items, our_values, their_values)
    ours_SN, theirs_SN = _stacked(our_items, their_items)
    if ours_SN is not None and theirs_SN is not None:
        improvement = probability_of_improvement(ours_SN, theirs_SN)
    else:
        improvement = probability_over_seeds(np.array(our_values), np.array(their_values))
    return TaskComparison(gain, gain.interval(0.95), improvement, gain.p_value())


def _mean_items(run: Run, measure: Measure) -> Array | None:
    """Return the measure of a run by test item (N,); None where items are not known."""
    total: Array | None = None
    for task in measure.tasks:
        items_N = measure.task_items(task, run.test, run.items)
        if items_N is None or (total is not None and len(items_N) != len(total)):
            return None
        weighted_N = measure.weights[task] * items_N
        total = weighted_N if total is None else total + weighted_N
    return total


def _difference(
    our_items: Sequence[Array | None],
    their_items: Sequence[Array | None],
    our_values: Sequence[float],
    their_values: Sequence[float],
) -> Difference:
    """Return the difference over seeds and items, or over seeds alone without known items."""
    ours_SN, theirs_SN = _stacked(our_items, their_items)
    if ours_SN is None or theirs_SN is None:
        return seed_difference(np.array(our_values), np.array(their_values))
    return crossed_difference(ours_SN, theirs_SN)


def _stacked(
    ours: Sequence[Array | None], theirs: Sequence[Array | None]
) -> tuple[Array | None, Array | None]:
    our_rows = [row for row in ours if row is not None]
    their_rows = [row for row in theirs if row is not None]
    sizes = {len(row) for row in [*our_rows, *their_rows]}
    complete = len(our_rows) == len(ours) and len(their_rows) == len(theirs)
    if not complete or len(sizes) != 1 or min(sizes) < 2:
        return None, None
    return np.stack(our_rows), np.stack(their_rows)


def _literature(
    ours: Sequence[Run], theirs: Sequence[Run], tasks: Tasks, measure: Measure
) -> DeltaM | None:
    """Return Δm by the mean test metrics of both; None where a metric is missing."""
    means = mean_metrics(run.test for run in ours)
    reference = mean_metrics(run.test for run in theirs)
    keys = [metric_key("test", task, m) for task, metrics in tasks.items() for m in metrics]
    if not all(key in means and key in reference for key in keys) or not all(tasks.values()):
        return None
    known: dict[str, Any] = {
        "scales": measure.metric_scales,
        "directions": measure.directions,
    }
    return DeltaM(
        mean=delta_m(means, reference, tasks, "test", **known),
        per_metric=delta_m(means, reference, tasks, "test", per_metric=True, **known),
        tasks=task_gains(means, reference, tasks, "test", **known),
    )
