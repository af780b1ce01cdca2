"""What the weights of an epoch's steps come to.

T tasks
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_search.errors import TrialError


def mean_weights(tasks: Sequence[str], used: Tensor, has_label: Tensor) -> dict[str, float]:
    """Return `train/weight/<task>` of an epoch.

    The weights are means over the steps in which the task had a label, scaled to add up to the
    number of tasks: as loss weights of a static trial they would do the same on average. There is
    none for a task without any label in the epoch.

    Args:
        tasks: The names of the tasks.
        used: (steps, T) how much each task counted.
        has_label: (steps, T) bool, whether it had a label.

    Raises:
        TrialError: A weight is not finite.

    Examples:
        >>> used = torch.tensor([[1.0, 3.0], [1.0, 9.0]])
        >>> mean_weights(["a", "b"], used, torch.tensor([[True, True], [True, False]]))
        {'train/weight/a': 0.5, 'train/weight/b': 1.5}
    """
    counts = has_label.sum(0)
    mean = torch.where(has_label, used, 0.0).sum(0) / counts.clamp(min=1)
    total = float(mean.sum())
    if total > 0:
        mean = mean * (int((counts > 0).sum()) / total)
    weights = {}
    for task, weight, count in zip(tasks, mean.tolist(), counts.tolist(), strict=True):
        if not math.isfinite(weight):
            raise TrialError(f"the weight of task {task!r} became {weight}")
        if count:
            weights[f"train/weight/{task}"] = weight
    return weights
