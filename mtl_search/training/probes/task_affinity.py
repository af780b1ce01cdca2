"""Task affinity: what a step for one task does to the losses of the others.

    Z(i → j) = 1 − L_j(θ − η ∇L_i, θ_j) / L_j(θ, θ_j)

θ are the shared parameters, θ_j those of task j, η the learning rate: how much of the loss of task
j a step of gradient descent for task i alone takes away, on the same batch. Negative: it adds to
it. The networks train as always; the steps are taken back.

Source: Fifty et al. 2021, "Efficiently identifying task groupings for multi-task learning" (TAG),
equation 1. The step is one of plain gradient descent, whatever the optimizer is, and dropout draws
the same numbers before and after it.

T tasks
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from mtl_search.data.loading.batch import Batch
from mtl_search.training.evaluator import task_losses
from mtl_search.training.seeds import RandomState
from mtl_search.training.step import Step

# With more tasks than this an epoch does not measure every task, nor log every pair.
MOST_TASKS = 8
# Pairs with the highest affinity, and with the lowest, that are logged then.
EXTREME_PAIRS = 5


class TaskAffinity:
    """Measure the affinities on some steps of each epoch.

    A step of the epoch takes two forward passes and a backward pass for each task that steps. With
    more than `MOST_TASKS` tasks only so many step, others in turn.

    Args:
        step: The trial's step, whose network has shared parameters and at least two tasks.
        optimizer: Its optimizer, whose learning rates are those of the steps.
    """

    def __init__(self, step: Step, optimizer: Optimizer) -> None:
        self._step = step
        self._optimizer = optimizer
        self._tasks = list(step.heads)
        self._parameters = [p for p in step.network.shared_parameters() if p.requires_grad]
        self._measured: list[Tensor] = []  # (T, T) each, NaN where nothing is known

    def observe(self, batches: Sequence[Batch], position: int) -> None:
        """Measure one step.

        Args:
            batches: This rank's part of the step's batches.
            position: How many steps the trial has measured before, which chooses the tasks.
        """
        step, count = self._step, len(self._tasks)
        shares = step.shares(batches)
        _, labels = step.counts(batches)
        affinities = torch.full((count, count), torch.nan, device=step.device)
        start = RandomState.capture(step.device)
        for task in self._sources(position):
            before, gradient = self._gradient(task, batches, shares, start)
            after = self._losses_after(gradient, batches, shares, start)
            affinities[task] = 1 - after / before
        is_known = affinities.isfinite() & (labels > 0) & (labels > 0).unsqueeze(1)
        self._measured.append(torch.where(is_known, affinities, torch.nan))

    def end_epoch(self) -> dict[str, float]:
        """Return `train/affinity/<from>/<to>` of the epoch: the means over the steps measured.

        With more than `MOST_TASKS` tasks it is for the extreme pairs only, and for each task
        `train/affinity_from/<task>`, the mean of what its steps give to the others, and
        `train/affinity_to/<task>`, the mean of what it receives.
        """
        if not self._measured:
            return {}
        means = torch.stack(self._measured).cpu().nanmean(0)
        self._measured = []
        names = self._tasks
        pairs = [(float(means[a, b]), a, b) for a, b in means.isfinite().nonzero().tolist()]
        found: dict[str, float] = {}
        if len(names) > MOST_TASKS:
            pairs = _extremes([pair for pair in pairs if pair[1] != pair[2]])
            others = means.fill_diagonal_(torch.nan)
            for key, values in (("from", others.nanmean(1)), ("to", others.nanmean(0))):
                for task in values.isfinite().nonzero().flatten().tolist():
                    found[f"train/affinity_{key}/{names[task]}"] = float(values[task])
        return {**found, **{f"train/affinity/{names[a]}/{names[b]}": z for z, a, b in pairs}}

    def _sources(self, position: int) -> list[int]:
        count = len(self._tasks)
        first = position * MOST_TASKS
        return [(first + number) % count for number in range(min(MOST_TASKS, count))]

    def _gradient(
        self, task: int, batches: Sequence[Batch], shares: Tensor, start: RandomState
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the losses of all tasks (T,), and the gradient of one with respect to θ."""
        step = self._step
        losses = torch.zeros(len(self._tasks), device=step.device)
        gradient = [torch.zeros_like(p) for p in self._parameters]
        start.restore()
        for number, batch in enumerate(batches):
            here = _losses(step, batch)
            if here is None:
                continue
            scaled = here * shares[number]
            losses += scaled.detach()
            loss = scaled[task] * step.coefficients[task]
            try:
                parts = torch.autograd.grad(loss, self._parameters, allow_unused=True)
            except Exception as error:  # noqa: BLE001  the user's network may raise anything
                step.failure_sync.record_failure(error)
                continue
            for total, part in zip(gradient, parts, strict=True):
                if part is not None:
                    total.add_(part)
        reduced, *summed = step.communicator.all_reduce_coalesced([losses, *gradient])
        return reduced, summed

    def _losses_after(
        self,
        gradient: Sequence[Tensor],
        batches: Sequence[Batch],
        shares: Tensor,
        start: RandomState,
    ) -> Tensor:
        """Return the losses of all tasks (T,) after a step, which is taken back."""
        step = self._step
        before = [p.detach().clone() for p in self._parameters]
        rates = self._rates()
        losses = torch.zeros(len(self._tasks), device=step.device)
        start.restore()
        with torch.no_grad():
            try:
                for parameter, part in zip(self._parameters, gradient, strict=True):
                    parameter.sub_(rates.get(id(parameter), 0.0) * part)
                for number, batch in enumerate(batches):
                    here = _losses(step, batch)
                    if here is not None:
                        losses += here * shares[number]
            finally:
                for parameter, value in zip(self._parameters, before, strict=True):
                    parameter.copy_(value)
        return step.communicator.all_reduce(losses)

    def _rates(self) -> dict[int, float]:
        groups = self._optimizer.param_groups
        return {id(p): float(group["lr"]) for group in groups for p in group["params"]}


def _losses(step: Step, batch: Batch) -> Tensor | None:
    """Return the losses (T,) of this rank's part; None where it takes no part.

    There is no autocast, in which a small step would be lost in rounding, and no compiled code.
    """
    if step.skips(batch):
        return None
    try:
        outputs = step.network.forward(batch.inputs, batch.masks)
        return task_losses(step.network, outputs, batch.targets)
    except Exception as error:  # noqa: BLE001  the user's network may raise anything
        step.failure_sync.record_failure(error)
        return None


def _extremes(pairs: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Return the pairs with the lowest and the highest affinities."""
    pairs = sorted(pairs)
    if len(pairs) <= 2 * EXTREME_PAIRS:
        return pairs
    return pairs[:EXTREME_PAIRS] + pairs[-EXTREME_PAIRS:]
