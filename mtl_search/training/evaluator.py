"""Losses and metrics by name, of what an epoch left behind.

Outputs and labels of all ranks come together before a metric is computed: the mean of the ranks' F1 scores is not the
F1 score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_search.config import Config
from mtl_search.data.dataset import Target
from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.objective import key
from mtl_search.models.network import MultiTaskNetwork


class Evaluator:
    """Names and computes losses and metrics; on rank 0 only.

    Args:
        network: Its heads turn outputs into losses and predictions.
        targets: Of the data set, by name.
        metric_names: Task → names of its metrics.
    """

    def __init__(
        self,
        network: MultiTaskNetwork,
        targets: Mapping[str, Target],
        metric_names: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._heads, self._target_names = network.heads, network.target_names
        self._targets, self._metric_names = targets, metric_names
        # A check of a config asks this module for names, and computes nothing.
        from mtl_search.metrics.compute import compute

        self._compute = compute

    def losses(self, outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> list[float]:
        """Loss of each task over all labelled samples."""
        found = [
            head.loss(outputs[task], labels[self._target_names[task]])
            for task, head in self._heads.items()
        ]
        values: list[float] = torch.stack(found).tolist()
        return values

    def named(self, split: str, losses: Sequence[float | None], epoch: int) -> dict[str, float]:
        """Losses by name, as the head gives them: unweighted and not scaled; None for a task that had no label.

        Raises:
            TrialError: One is not finite; `epoch`, from 1, is named.
        """
        known = {
            task: value
            for task, value in zip(self._heads, losses, strict=True)
            if value is not None
        }
        for task, value in known.items():
            if not math.isfinite(value):
                raise TrialError(f"the {split} loss of task {task!r} is {value} in epoch {epoch}")
        return {f"{split}/{task}/loss": value for task, value in known.items()}

    def metrics(
        self, split: str, outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]
    ) -> dict[str, float]:
        """`<split>/<task>/<metric>` over all labelled samples."""
        metrics = {}
        for task, head in self._heads.items():
            name = self._target_names[task]
            target = self._targets[name]
            with torch.no_grad():
                prediction = head.predict(outputs[task])
            for metric in self._metric_names[task]:
                value = self._compute(
                    metric, prediction, labels[name], target.kind, target.size, names=target.classes
                )
                metrics[key(split, task, metric)] = value
        return metrics


def metric_names(config: Config, network: MultiTaskNetwork) -> dict[str, tuple[str, ...]]:
    """Task → names of its metrics; the head's first where the config names none.

    Raises:
        ConfigError: A metric that the task's head cannot give.
    """
    names = {}
    for task, head in network.heads.items():
        wanted = config.tasks[task].metrics or head.metrics[:1]
        for number, name in enumerate(wanted):
            if name not in head.metrics:
                raise ConfigError(
                    f"the head {config.tasks[task].head.name!r} cannot give this metric",
                    path=f"tasks.{task}.metrics.{number}", value=name, allowed=head.metrics,
                )  # fmt: skip
        names[task] = tuple(wanted)
    return names
