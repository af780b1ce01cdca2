"""The gradient of every task with respect to the shared parameters, in bounded memory.

T tasks, P numbers that are kept of each gradient
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_search.data.loading.batch import Batch
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.step import Step

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
        self.parameters = [list(parameters) for parameters in stages.values()]
        self.sizes = sizes
        self.chosen: list[Tensor | None] = [None] * len(sizes)
        if sum(sizes) > most:
            generator = torch.Generator().manual_seed(0)  # the same numbers on all ranks
            self.sizes = [max(1, size * most // sum(sizes)) for size in sizes]
            self.chosen = [
                torch.randint(size, (kept,), generator=generator)
                for size, kept in zip(sizes, self.sizes, strict=True)
            ]

    def row(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """Return the kept numbers (P,) of the gradients of all parameters, stage by stage."""
        remaining = iter(gradients)
        parts = []
        for parameters, chosen in zip(self.parameters, self.chosen, strict=True):
            flat = [
                (torch.zeros_like(p) if gradient is None else gradient).reshape(-1).float()
                for p, gradient in zip(parameters, remaining, strict=False)
            ]
            whole = torch.cat(flat)
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
        cut = _CutNetwork(step.network)
        losses = step.forward(batch, EpochOutputs(keep_outputs=False), cut)
        if losses is None:
            continue
        try:
            for task, row in enumerate(cut.rows(losses * shares[number], sample)):
                total[task] += row
        except Exception as error:  # noqa: BLE001  the user's network may raise anything
            step.failure_sync.record_failure(error)
    return step.communicator.all_reduce(total)


class _CutNetwork:
    """Run the network with a cut where features enter the heads.

    So the heads need one backward pass for all tasks, and only the sharing policy one a task.
    """

    def __init__(self, network: MultiTaskNetwork) -> None:
        self._network = network
        self._features: list[tuple[Tensor, ...]] = []
        self._leaves: list[tuple[Tensor, ...]] = []

    def __call__(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return the output of each task's head."""
        inputs = self._network.augmented(inputs)
        features = self._network.sharing(inputs, masks)
        leaves = {
            task: tuple([x.detach().requires_grad_() for x in read])
            for task, read in features.items()
        }
        self._features = [features[task] for task in self._network.heads]
        self._leaves = [leaves[task] for task in self._network.heads]
        return self._network.from_features(leaves, inputs, masks)

    def rows(self, losses: Tensor, sample: StageSample) -> list[Tensor]:
        """Return the kept numbers of each task's gradient, T of (P,)."""
        flat = [x for read in self._leaves for x in read]
        at_leaves = iter(torch.autograd.grad(losses.sum(), flat, allow_unused=True))
        parameters = [p for group in sample.parameters for p in group]
        rows = []
        for read in self._features:
            pairs = [(x, gradient) for x, gradient in zip(read, at_leaves, strict=False)]
            reached = [(x, g) for x, g in pairs if g is not None and x.requires_grad]
            gradients: Sequence[Tensor | None] = [None] * len(parameters)
            if reached:
                outputs, at_outputs = zip(*reached, strict=True)
                gradients = torch.autograd.grad(
                    outputs, parameters, at_outputs, retain_graph=True, allow_unused=True
                )
            rows.append(sample.row(gradients))
        return rows
