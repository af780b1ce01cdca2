"""Losses and metrics by name, from the outputs and labels of an epoch.

Outputs and labels of all ranks are collected before a metric is computed: the mean of the ranks' F1
scores is not the F1 score.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mtl_search.config import Config
from mtl_search.data.dataset import Target
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.by_label import label_scores
from mtl_search.metrics.compute import compute
from mtl_search.metrics.item_values import item_values
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.metrics.own import OwnMetric
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.storage.item_values import encode
from mtl_search.training.epoch_outputs import Judged


@dataclass(frozen=True)
class Evaluator:
    """Compute losses and metrics and name them; on rank 0 only.

    Attributes:
        network: The network whose heads turn outputs into losses and predictions.
        targets: The targets of the data set, by name.
        metric_names: Task → the names of its metrics.
        own_metrics: The metrics of the user's, by name.
    """

    network: MultiTaskNetwork
    targets: Mapping[str, Target]
    metric_names: Mapping[str, tuple[str, ...]]
    own_metrics: Mapping[str, OwnMetric] = field(default_factory=dict)

    def losses(self, outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> list[float]:
        """Return the loss of each task over all labelled samples."""
        losses: list[float] = task_losses(self.network, outputs, labels).tolist()
        return losses

    def named(self, split: str, losses: Sequence[float | None], epoch: int) -> dict[str, float]:
        """Return `<split>/<task>/loss` of every task that had a label.

        Args:
            split: The short name of the split.
            losses: The loss of each task as its head gives it, unweighted and not scaled; None for
                a task that had no label.
            epoch: The number of the epoch, from 1, for the message of an error.

        Raises:
            TrialError: A loss is not finite.
        """
        named = {}
        for task, value in zip(self.network.heads, losses, strict=True):
            if value is None:
                continue
            if not math.isfinite(value):
                raise TrialError(f"the {split} loss of task {task!r} is {value} in epoch {epoch}")
            named[f"{split}/{task}/loss"] = value
        return named

    def metrics(
        self,
        split: str,
        outputs: Mapping[str, Tensor],
        labels: Mapping[str, Tensor],
        judged: Judged | None = None,
    ) -> dict[str, float]:
        """Return `<split>/<task>/<metric>` over all labelled samples.

        Args:
            split: The short name of the split.
            outputs: Task → outputs (N, ...).
            labels: Target → labels (N, ...).
            judged: What is known already.
        """
        known = judged.metrics if judged else {}
        metrics = {  # in one order, whatever is known
            metric_key(split, task, metric): known.get((task, metric), math.nan)
            for task in self.network.heads
            for metric in self.metric_names[task]
        }
        for task, prediction, target, name in self._predictions(outputs, known):
            for metric in self.metric_names[task]:
                if (task, metric) in known:
                    continue
                value = compute(
                    self.own_metrics.get(metric, metric),
                    prediction,
                    labels[name],
                    target.kind,
                    target.size,
                    names=target.classes,
                )
                metrics[metric_key(split, task, metric)] = value
        return metrics

    def evaluate(
        self,
        split: str,
        outputs: Mapping[str, Tensor],
        labels: Mapping[str, Tensor],
        epoch: int,
        judged: Judged | None = None,
    ) -> dict[str, float]:
        """Return the losses and the metrics of a split, see `named` and `metrics`."""
        values = judged.losses if judged else self.losses(outputs, labels)
        losses = self.named(split, values, epoch)
        return losses | self.metrics(split, outputs, labels, judged)

    def test(
        self,
        outputs: Mapping[str, Tensor],
        labels: Mapping[str, Tensor],
        epoch: int,
        order: Array,
    ) -> tuple[dict[str, float], str]:
        """Return losses and metrics of the test split, and their values by item and label as text.

        Args:
            outputs: Task → outputs (N, ...).
            labels: Target → labels (N, ...).
            epoch: The number of the epoch, from 1.
            order: (N,) the row of each sample, in the order of the split.
        """
        values = {key: x[order] for key, x in self.item_values(outputs, labels).items()}
        text = encode(values, self.label_scores(outputs, labels))
        return self.evaluate("test", outputs, labels, epoch), text

    def item_values(
        self, outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]
    ) -> dict[str, Array]:
        """Return `<task>/<metric>` → values of the samples (N,), whose mean is the metric."""
        values = {}
        for task, prediction, target, name in self._predictions(outputs):
            for metric in self.metric_names[task]:
                values[scale_key(task, metric)] = item_values(
                    self.own_metrics.get(metric, metric),
                    prediction,
                    labels[name],
                    target.kind,
                    target.size,
                    names=target.classes,
                )
        return values

    def label_scores(
        self, outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]
    ) -> dict[str, dict[str, float]]:
        """Return `<task>/<score>` → label → value, of targets that have several labels."""
        scores = {}
        for task, prediction, target, name in self._predictions(outputs):
            metrics = {m: self.own_metrics.get(m, m) for m in self.metric_names[task]}
            by_score = label_scores(metrics, prediction, labels[name], target.kind, target.size)
            for score, values in by_score.items():
                names = map(str, target.classes)
                scores[f"{task}/{score}"] = dict(zip(names, values.tolist(), strict=True))
        return scores

    def _predictions(
        self, outputs: Mapping[str, Tensor], known: Collection[tuple[str, str]] = ()
    ) -> Iterator[tuple[str, Tensor, Target, str]]:
        """Yield the predictions of each task, with its target and the target's name.

        Args:
            outputs: Task → outputs (N, ...).
            known: The (task, metric) that need none. Tasks that need none are left out.
        """
        for task, head in self.network.heads.items():
            if known and all((task, metric) in known for metric in self.metric_names[task]):
                continue
            name = self.network.target_names[task]
            with torch.no_grad():
                prediction = head.predict(outputs[task])
            yield task, prediction, self.targets[name], name


def task_losses(
    network: MultiTaskNetwork, outputs: Mapping[str, Tensor], labels: Mapping[str, Tensor]
) -> Tensor:
    """Return the loss of each task (T,), the mean over its labelled samples."""
    names = network.target_names
    return torch.stack(
        [head.loss(outputs[task], labels[names[task]]) for task, head in network.heads.items()]
    )


def metric_names(config: Config, network: MultiTaskNetwork) -> dict[str, tuple[str, ...]]:
    """Return the names of each task's metrics: the head's first where the config names none.

    Raises:
        ConfigError: The head of a task cannot give one of its metrics.
    """
    names = {}
    for task, head in network.heads.items():
        section = config.tasks[task]
        for number, name in enumerate(section.metrics):
            if name not in head.metrics and ":" not in name:
                raise ConfigError(
                    f"the head {config.tasks[task].head.name!r} cannot give this metric",
                    path=f"tasks.{task}.metrics.{number}", value=name, allowed=head.metrics,
                )  # fmt: skip
        names[task] = section.metric_names or tuple(head.metrics[:1])
    return names
