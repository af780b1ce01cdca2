"""The gradient of every task with respect to the shared parameters, in bounded memory.

T tasks, P numbers that are kept of each gradient
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import torch
from torch import Tensor, nn

from mtl_search.data.loading.batch import Batch
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.step import Step
from mtl_search.training.task_gradients import DividedNetwork, through_sharing

# The most numbers that are kept of all gradients together: 256 MiB.
_MOST_NUMBERS = 1 << 26


class StageSample:
    """Choose which numbers of a gradient are kept of each stage: all, or as many as memory allows.

    Args:
        stages: Stage → its shared parameters.
        tasks: Number of tasks.
    """

    def __init__(self, stages: Mapping[str, Sequence[nn.Parameter]], tasks: int) -> None:
        sizes = [sum(p.numel() for p in parameters) for parameters in stages.values()]
        most = max(1, _MOST_NUMBERS // tasks)
        self.parameters = [p for parameters in stages.values() for p in parameters]
        self._counts = [len(parameters) for parameters in stages.values()]
        self.sizes = sizes
        self.chosen: list[Tensor | None] = [None] * len(sizes)
        if sum(sizes) > most:
            generator = torch.Generator().manual_seed(0)  # the same numbers on all ranks
            self.sizes = [max(1, size * most // sum(sizes)) for size in sizes]
            self.chosen = [
                torch.randint(size, (kept,), generator=generator)
                for size, kept in zip(sizes, self.sizes, strict=True)
            ]

    def row(self, gradients: Sequence[Tensor]) -> Tensor:
        """Return the kept numbers (P,) of the gradients of all parameters, stage by stage."""
        remaining = iter(gradients)
        parts = []
        for count, chosen in zip(self._counts, self.chosen, strict=True):
            whole = torch.cat([gradient.reshape(-1) for gradient in islice(remaining, count)])
            whole = whole.float()
            parts.append(whole if chosen is None else whole[chosen.to(whole.device)])
        return torch.cat(parts)


def task_rows(step: Step, batches: Sequence[Batch], sample: StageSample) -> Tensor:
    """Return the gradient of each task's loss, the mean over the labels of the whole step, (T, P).

    Loss weights do not count. It is summed over batches and ranks, and the same on all ranks; zero
    for a task without a label.

    Args:
        step: The trial's step, which runs the forward pass.
        batches: This rank's part of the step's batches.
        sample: The numbers that are kept.
    """
    total = torch.zeros(len(step.heads), sum(sample.sizes), device=step.device)
    shares = step.shares(batches)
    for number, batch in enumerate(batches):
        divided = DividedNetwork(step.network)
        losses = step.forward(batch, EpochOutputs(keep_outputs=False), divided)
        if losses is None:
            continue
        try:
            features, at_features, _ = divided.through_heads(losses * shares[number])
            for task, (read, at_read) in enumerate(zip(features, at_features, strict=True)):
                keep = task + 1 < len(features)
                gradients = through_sharing(read, at_read, sample.parameters, keep=keep)
                total[task] += sample.row(gradients)
        except Exception as error:  # noqa: BLE001  the user's network may raise anything
            step.failure_sync.record_failure(error)
    return step.communicator.all_reduce(total)
