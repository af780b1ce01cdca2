"""What is claimed of single tasks and of auxiliary tasks, beside the verdict on all of them."""

from __future__ import annotations

from collections.abc import Mapping

from mtl_search.analysis.comparison import Comparison, TaskComparison
from mtl_search.analysis.statistics.holm import holm
from mtl_search.analysis.verdict import Claim


def claims_of(
    sharing: Comparison | None,
    twin: Comparison | None,
    auxiliary: Mapping[str, Comparison],
    level: float,
    *,
    shares: bool,
) -> dict[str, Claim]:
    """Return the claims, adjusted for their number by Holm's method.

    A task gains by sharing where it is ahead of its tuned single-task network and of the twin that
    shares nothing, as all tasks together: the larger p-value of both counts, and 1 where they point
    to different sides. Nothing is claimed of a network that shares nothing.

    Args:
        sharing: Best shared network against the single-task networks.
        twin: Best shared network against the same with nothing shared.
        auxiliary: Auxiliary task → best shared network against the same without the task.
        level: Level of the verdict's intervals: claims are read at the same looks.
        shares: Whether tasks have a stage in common.
    """
    if not shares:
        return {}
    means: dict[str, float] = {}
    p_values: dict[str, float] = {}
    for task, compared in (sharing.tasks if sharing else {}).items():
        of_twin = twin.tasks.get(task) if twin else None
        p_value = _joint_p_value(compared.gain.mean, compared.p_value, of_twin)
        if p_value is not None:
            means[f"task {task}"] = compared.gain.mean
            p_values[f"task {task}"] = p_value
    for task, comparison in auxiliary.items():
        p_value = comparison.gain.p_value()
        if p_value is not None:
            means[f"auxiliary {task}"] = comparison.gain.mean
            p_values[f"auxiliary {task}"] = p_value
    return {
        name: Claim(mean=means[name], p_value=p, holds=p < 1 - level)
        for name, p in holm(p_values).items()
    }


def _joint_p_value(mean: float, p_value: float | None, twin: TaskComparison | None) -> float | None:
    """Return the p-value that both comparisons show the same; None where one has none."""
    if p_value is None or twin is None:
        return p_value
    if twin.p_value is None:
        return None
    return max(p_value, twin.p_value) if mean * twin.gain.mean > 0 else 1.0
