"""Learning-rate schedules over the epochs of a trial, stepped once an epoch."""

from __future__ import annotations

import math

import torch
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler


class _Cosine(lr_scheduler.CosineAnnealingLR):
    """Torch's schedule, whose `eta_min` is multiplied by a group's factor, as its rate is."""

    def get_lr(self) -> list[float | torch.Tensor]:
        """Return the rates of the groups, in closed form."""
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        ends = [self.eta_min * group.get("factor", 1.0) for group in self.optimizer.param_groups]
        return [
            end + (begin - end) * height for begin, end in zip(self.base_lrs, ends, strict=True)
        ]

    _get_closed_form_lr = get_lr


def cosine(
    optimizer: Optimizer, epochs: int, eta_min: float = 0.0, warmup_epochs: int = 0
) -> LRScheduler:
    """Half a cosine from the learning rate to `eta_min`, after a linear warm-up if asked.

    Source: Loshchilov & Hutter, "SGDR", 2017, without restarts.
    """
    decay = _Cosine(optimizer, T_max=max(1, epochs - warmup_epochs), eta_min=eta_min)
    if not warmup_epochs:
        return decay
    warmup = lr_scheduler.LinearLR(
        optimizer, start_factor=1 / (warmup_epochs + 1), total_iters=warmup_epochs
    )
    return lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[warmup_epochs])


def linear(
    optimizer: Optimizer, epochs: int, start_factor: float = 1.0, end_factor: float = 0.0
) -> LRScheduler:
    """From `start_factor` to `end_factor` times the learning rate, in a line over the trial."""
    return lr_scheduler.LinearLR(optimizer, start_factor, end_factor, total_iters=epochs)


def step(optimizer: Optimizer, epochs: int, step_size: int, gamma: float = 0.1) -> LRScheduler:
    """`gamma` times the learning rate every `step_size` epochs."""
    return lr_scheduler.StepLR(optimizer, step_size, gamma)


def multistep(
    optimizer: Optimizer, epochs: int, milestones: list[int], gamma: float = 0.1
) -> LRScheduler:
    """`gamma` times the learning rate at each of the epochs in `milestones`."""
    return lr_scheduler.MultiStepLR(optimizer, milestones, gamma)


def exponential(optimizer: Optimizer, epochs: int, gamma: float) -> LRScheduler:
    """`gamma` times the learning rate every epoch."""
    return lr_scheduler.ExponentialLR(optimizer, gamma)
