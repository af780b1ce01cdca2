"""What the rule of version 0.1 would say of the same finalists, and which task decides it.

It took the mean relative gain of the search arm over the single-task networks (Δm) with Student's t
over seeds paired by number: test samples were not in the interval, there was no twin, and a task
whose reference is near zero could rule the mean.

S seeds, T tasks, N test items
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_search.analysis.comparison import Run, Runs
from mtl_search.analysis.estimate import Estimate, estimate
from mtl_search.analysis.measure import Measure
from mtl_search.analysis.references import Tasks
from mtl_search.metrics.objective import delta_m

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OldAnswer:
    """What the old rule says.

    Attributes:
        delta_m: Δm over seeds, with the interval that knows nothing else.
        shares_nothing: Whether the network has depth 0, of which no gain was told.
    """

    delta_m: Estimate
    shares_nothing: bool

    def sentence(self) -> str:
        """Return the answer in words."""
        value = self.delta_m
        if value.low is None or value.high is None:
            return "not tested"
        answer = "no significant gain"
        if value.low > 0 and not self.shares_nothing:
            answer = "sharing helps"
        if value.high < 0 and not self.shares_nothing:
            answer = "sharing hurts"
        interval = f"95 % interval {100 * value.low:+.1f} … {100 * value.high:+.1f} %"
        return f"{answer}: Δm = {100 * value.mean:+.1f} % ({interval}, {len(value.values)} seeds)"


def old_answer(ours: Runs, theirs: Runs, tasks: Tasks, *, shares_nothing: bool) -> OldAnswer:
    """Apply the old rule.

    Args:
        ours: Runs of the search arm's best network.
        theirs: Runs of the single-task networks.
        tasks: Main tasks with their metrics.
        shares_nothing: Whether our network has depth 0.
    """
    gains = [
        delta_m(ours[index].test, theirs[index].test, tasks, "test")
        for index in sorted(set(ours) & set(theirs))
    ]
    return OldAnswer(estimate(gains), shares_nothing)


def variance_shares(
    ours: Sequence[Run], theirs: Sequence[Run], measure: Measure
) -> dict[str, float]:
    """Return the share of each task in the variance of the mean gain; they sum to 1.

    The share is that of the covariance of the task's part with the whole, over the seeds of both
    sides and over the test items. It may be above 1 or below 0 where tasks move against each other.

    Args:
        ours: Our runs.
        theirs: Their runs.
        measure: What the gain is measured in.
    """
    weights = np.array([measure.weights[task] for task in measure.tasks])
    ours_TSN, theirs_TSN = (
        np.stack([[_items(run, measure, task) for run in runs] for task in measure.tasks])
        for runs in (ours, theirs)
    )
    gains_TN = ours_TSN.mean(1) - theirs_TSN.mean(1)
    covariance_TT = np.cov(gains_TN) / gains_TN.shape[1]
    for side_TSN in (ours_TSN, theirs_TSN):
        covariance_TT = covariance_TT + np.cov(side_TSN.mean(2)) / side_TSN.shape[1]
    with_whole_T = weights * (covariance_TT @ weights)
    shares_T = with_whole_T / with_whole_T.sum()
    return dict(zip(measure.tasks, shares_T.tolist(), strict=True))


def _items(run: Run, measure: Measure, task: str) -> Array:
    items_N = measure.task_items(task, run.test, run.items)
    assert items_N is not None, "finalists keep the values of their test items"
    return items_N
