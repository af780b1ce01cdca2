"""Gradient cosine similarity: do the tasks pull the shared parameters in the same direction?

The cosine of the angle between the gradients of two tasks, stage by stage. Two tasks conflict where
it is negative: a step along one gradient is then a step against the other.

Source: Yu et al. 2020, "Gradient surgery for multi-task learning", definition 1.

T tasks, P numbers of a stage's gradient
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.training.probes.stages import shared_by_stage
from mtl_search.training.probes.task_rows import StageSample, task_rows
from mtl_search.training.step import Step

# With more tasks than this not every pair is logged, but as many as `LOWEST_PAIRS` of each stage.
MOST_TASKS = 8
LOWEST_PAIRS = 5
# The name of all stages together.
ALL = "all"


class GradientConflict:
    """Measure the cosines of the tasks' gradients on some steps of each epoch.

    Args:
        step: The trial's step, whose network has shared parameters and at least two tasks.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._tasks = list(step.heads)
        stages = shared_by_stage(step.network.sharing)
        self._stages = list(stages)
        self._sample = StageSample(stages, len(self._tasks))
        self._cosines: list[dict[str, Tensor]] = []

    def observe(self, batches: Sequence[Batch], position: int) -> None:
        """Measure one step."""
        rows = task_rows(self._step, batches, self._sample)
        by_stage = dict(zip(self._stages, rows.split(self._sample.sizes, dim=1), strict=True))
        if len(by_stage) > 1:
            by_stage[ALL] = rows
        self._cosines.append({stage: cosines(part) for stage, part in by_stage.items()})

    def end_epoch(self) -> dict[str, float]:
        """Return `train/cosine/<stage>/...` of the epoch: the means over the steps measured."""
        metrics: dict[str, float] = {}
        for stage in self._cosines[0] if self._cosines else ():
            measured = torch.stack([cosine[stage] for cosine in self._cosines])  # (steps, T, T)
            for name, value in _summary(measured.cpu(), self._tasks).items():
                metrics[f"train/cosine/{stage}/{name}"] = value
        self._cosines = []
        return metrics


def cosines(rows: Tensor) -> Tensor:
    """Return the cosine of each pair of rows (T, T); NaN where a row is zero or not finite.

    Args:
        rows: Gradients (T, P).
    """
    norms = rows.norm(dim=1, keepdim=True)
    is_direction = (norms > 0) & norms.isfinite()
    directions = torch.where(is_direction, rows / norms, torch.nan)
    return (directions @ directions.T).clamp(-1, 1)


def _summary(measured: Tensor, tasks: Sequence[str]) -> Mapping[str, float]:
    """Return what is logged of one stage: pairs, mean, and share of conflicts.

    Args:
        measured: Cosines (steps, T, T), NaN where a pair has none.
        tasks: The names of the tasks.
    """
    pairs = list(combinations(range(len(tasks)), 2))
    columns = torch.stack([measured[:, a, b] for a, b in pairs])  # (pairs, steps)
    if columns.isnan().all():
        return {}
    known = columns[~columns.isnan()]
    means = columns.nanmean(1).tolist()
    by_pair = [
        (mean, pair) for mean, pair in zip(means, pairs, strict=True) if not math.isnan(mean)
    ]
    if len(tasks) > MOST_TASKS:
        by_pair = sorted(by_pair)[:LOWEST_PAIRS]
    return {
        "mean": known.mean().item(),
        "conflict": (known < 0).float().mean().item(),
        **{f"{tasks[a]}/{tasks[b]}": mean for mean, (a, b) in by_pair},
    }
