"""Trials that are watched by probes, and the same by plain torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtl_search.config import Config, override
from mtl_search.data import DataSet
from mtl_search.training.trainer import Trainer
from tests.support.parity import PROBES
from tests.support.trials import trainer


def probed(settings: Config, directory: Path, samples: DataSet, **overrides: Any) -> Trainer:
    """A trainer whose trial has both probes."""
    return trainer(override(settings, {**PROBES, **overrides}), directory, samples)


def losses_of(made: Trainer, *, rows: Any = None) -> Tensor:
    """The loss of each task (T,) over some training samples, all by default."""
    network, data = made.network, made.data
    chosen = torch.from_numpy(data.splits["train"] if rows is None else rows)
    views = {view for names in network.views.values() for view in names}
    inputs = {view: torch.from_numpy(data.inputs[view][:])[chosen] for view in views}
    masks = {v: torch.from_numpy(m)[chosen] for v, m in data.masks.items() if v in views}
    outputs = network(inputs, masks)
    losses = []
    for task, head in network.heads.items():
        labels = torch.from_numpy(data.targets[network.target_names[task]].values)[chosen]
        losses.append(head.loss(outputs[task], labels))
    return torch.stack(losses)


def gradients_of(made: Trainer, parameters: list[nn.Parameter]) -> Tensor:
    """The gradient of each task's loss (T, P), one backward pass through all a task."""
    losses = losses_of(made)
    rows = []
    for loss in losses:
        parts = torch.autograd.grad(
            loss, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        rows.append(torch.cat([part.flatten() for part in parts]))
    return torch.stack(rows)
