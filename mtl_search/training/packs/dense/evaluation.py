"""Losses and metrics of all members over a split, from outputs that are collected already.

B members, C tasks of a group, N samples of the split
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.rows import compute_rows
from mtl_search.training.epoch_outputs import Judged
from mtl_search.training.packs.dense.heads import HeadJudge
from mtl_search.training.trainer import Trainer


@torch.no_grad()
def judge(
    judges: Sequence[HeadJudge],
    buffers: Sequence[Tensor],
    trainers: Sequence[Trainer],
    outputs: Sequence[Tensor],
    labels: Sequence[Tensor],
) -> list[Judged]:
    """Return the losses of each member, and the metrics that can be computed together.

    Args:
        judges: The groups of heads.
        buffers: (B, ...) of each buffer of the network.
        trainers: The members' trainers, which know their metrics.
        outputs: (B, N, ...) of each task.
        labels: (B, N, ...) of each target.
    """
    losses = torch.zeros(len(trainers), len(outputs), dtype=torch.float64)
    metrics: list[dict[tuple[str, str], float]] = [{} for _ in trainers]
    tasks = [list(trainer.heads) for trainer in trainers]
    for group in judges:
        x = torch.stack([outputs[place] for place in group.places], 1).flatten(0, 1)
        y = group.labels(labels)
        values, predictions = group.evaluate(x, y, buffers)
        losses[:, group.places] = values.double().cpu()
        target = trainers[0].data.targets[trainers[0].target_names[tasks[0][group.places[0]]]]
        for name in _common_metrics(trainers, tasks, group.places):
            found = iter(compute_rows(name, predictions, y, target.kind, target.size))
            for own, row in zip(tasks, metrics, strict=True):
                row.update({(own[place], name): next(found) for place in group.places})
    pairs = zip(losses.tolist(), metrics, strict=True)
    return [Judged(row, values) for row, values in pairs]


def _common_metrics(
    trainers: Sequence[Trainer], tasks: Sequence[Sequence[str]], places: Sequence[int]
) -> list[str]:
    """Return the metrics of all tasks of a group that need nothing of one's own."""
    names = [
        trainer.evaluator.metric_names[own[place]]
        for trainer, own in zip(trainers, tasks, strict=True)
        for place in places
    ]
    return [
        name
        for name in names[0]
        if name in METRICS
        and not METRICS[name].takes_class_names
        and all(name in other for other in names)
    ]
