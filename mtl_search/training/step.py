"""One step: the gradient of a global batch, whatever part of it this rank holds.

T tasks, G batches of a step (`training.accumulate`), R ranks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from mtl_search.config import Config
from mtl_search.data.loading.batch import Batch
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training import acceleration
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.distributed.failure_sync import FailureSync
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.evaluator import task_losses

Forward = Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], dict[str, Tensor]]


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Return the context of the forward pass, which may be entered again and again."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


class Step:
    """Compute the gradient of a step and leave it in `.grad`, the same on all ranks.

    The loss of a task is the mean over the labelled samples of the whole global batch. So each
    rank's mean counts by its share of these labels, and gradients are summed over ranks, not
    averaged. A rank without a label of a task, or without a sample at all, adds zeros.

    The sum over ranks is not `DistributedDataParallel`'s, which reduces once in every backward
    pass: here a step may have several passes (the penalty of the sharing policy, accumulated
    batches, one pass a task), and the gradients of the tasks must be summed before they are
    combined.

    Args:
        network: The network, on its device and the same on all ranks.
        config: The trial's config.
        communicator: The ranks.
        failure_sync: The object that keeps a rank that fails in step with the others.

    Attributes:
        needs_losses_after_step: Whether `after_optimizer_step` is to be called after the
            optimiser's step.
        adaptive: Whether the step itself decides how much each task counts, on top of the loss
            weights.
    """

    needs_losses_after_step = False
    adaptive = False

    def __init__(
        self,
        network: MultiTaskNetwork,
        config: Config,
        communicator: Communicator,
        failure_sync: FailureSync,
    ) -> None:
        self.network = network
        self.communicator = communicator
        self.device = next(network.parameters()).device
        self.failure_sync = failure_sync
        self.heads = network.heads
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.coefficients = self._coefficients(config)
        self._autocast = autocast(config.training.precision, self.device)
        self._needs_all_ranks = config.training.sync_batch_norm and communicator.size > 1

    def accumulate_gradients(self, batches: Sequence[Batch], epoch_outputs: EpochOutputs) -> None:
        """Add the gradient of these batches, over all ranks, to `.grad`, which is None before."""
        coefficients = [self.coefficients] * len(batches)
        if len(batches) > 1 or self.communicator.size > 1:
            coefficients = list(self.coefficients * self.shares(batches))  # (G, T)
        if self.communicator.rank == 0:
            self.backward_penalty(epoch_outputs)  # it counts once, not once a rank
        for batch, factors in zip(batches, coefficients, strict=True):
            losses = self.forward(batch, epoch_outputs)
            if losses is not None:
                self.backward(losses.dot(factors))
        if self.communicator.size > 1:
            self.sum_gradients()

    def after_optimizer_step(self, batches: Sequence[Batch]) -> None:
        """Run the batches again after the optimiser's step, where `needs_losses_after_step`."""

    def end_epoch(self) -> dict[str, float]:
        """Return what is to be logged of the epoch whose last step was taken."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` returned."""

    # ---------------------------------------------------------------- the parts of a step

    def backward_penalty(self, epoch_outputs: EpochOutputs) -> None:
        """Add the gradient of what the sharing policy adds to the loss."""
        if (penalty := self.network.sharing.penalty()) is not None:
            penalty.backward()
            epoch_outputs.penalties.append(penalty.detach())

    def forward(
        self, batch: Batch, epoch_outputs: EpochOutputs, network: Forward | None = None
    ) -> Tensor | None:
        """Return the loss of each task (T,), the mean over this rank's part of the batch.

        Args:
            batch: This rank's part.
            epoch_outputs: The record of the epoch, to which outputs and losses are added.
            network: The function that runs the network; by default the network itself.

        Returns:
            None where the rank takes no part in the batch.
        """
        if not self.skips(batch):
            try:
                with self._autocast:
                    outputs = (network or self.network)(batch.inputs, batch.masks)
                    losses = task_losses(self.network, outputs, batch.targets)
            except Exception as error:  # noqa: BLE001  the user's network may raise anything
                self.failure_sync.record_failure(error)
            else:
                epoch_outputs.add(outputs, batch, losses)
                return losses
        epoch_outputs.add_nothing(batch, len(self.heads), self.device)
        return None

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of a loss () on this rank."""
        try:
            loss.backward()
        except Exception as error:  # noqa: BLE001  the user's network may raise anything
            self.failure_sync.record_failure(error)

    def skips(self, batch: Batch) -> bool:
        """Return whether this rank takes no part: it has no sample of the batch, or has failed."""
        if self.failure_sync.failure is not None:
            return True
        # Synchronised batch normalisation exchanges messages within the forward pass, so all ranks
        # have to run it.
        runs_empty = self._needs_all_ranks and bool(batch.inputs)
        return batch.size == 0 and not runs_empty

    def shares(self, batches: Sequence[Batch]) -> Tensor:
        """Return the share of a step's labels that each of its batches has on this rank, (G, T).

        With it, G small batches, or the R parts of one, are one big batch.
        """
        counts, total = self.counts(batches)
        return counts / total.clamp(min=1)

    def counts(self, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
        """Count the labels in each batch on this rank (G, T), and in the whole step (T,)."""
        names = self.network.target_names.values()
        counts = [
            [batch.labels.get(name, (batch.size, batch.total)) for name in names]
            for batch in batches
        ]
        both = torch.tensor(counts, dtype=torch.float32, device=self.device)  # (G, T, 2)
        return both[..., 0], both[..., 1].sum(0)

    def mean_losses(self, epoch_outputs: EpochOutputs) -> list[float | None]:
        """Return the mean loss of each task over the labelled samples of all batches and ranks.

        Returns:
            None for a task without any label in them: an epoch may draw no batch of a small source.
        """
        counts, labels = self.counts(epoch_outputs.batches)
        shares = counts / labels.clamp(min=1)
        losses: list[float | None] = self._mean_losses(epoch_outputs, shares).tolist()
        for number, count in enumerate(labels.tolist()):
            if not count:
                losses[number] = None
        return losses

    def _mean_losses(self, epoch_outputs: EpochOutputs, shares: Tensor) -> Tensor:
        """Return the mean losses (T,), with 0 for a task without any label.

        Args:
            epoch_outputs: The record of the epoch.
            shares: See `shares`, of its batches.
        """
        losses = epoch_outputs.stacked_losses()
        mean = self.communicator.all_reduce((losses * shares).sum(0))
        if bool(mean.isfinite().all()):  # NaN and infinity times a share of 0 are NaN, not 0
            return mean
        return self._losses_of_first_bad_batch(losses, mean)

    def _losses_of_first_bad_batch(self, losses: Tensor, mean: Tensor) -> Tensor:
        """Return the losses (T,) of the first batch in which one is not finite.

        After the step of that batch the losses of all tasks are not finite, so the mean would blame
        all tasks.

        Args:
            losses: This rank's losses of all batches of the epoch, (batches, T).
            mean: Their mean over ranks (T,), which is returned where all losses are finite, and
                only their sum is not.
        """
        bad_here = (~losses.isfinite()).any(1)
        bad = self.communicator.all_reduce(bad_here.float()) > 0
        if not bool(bad.any()):
            return mean
        first = int(bad.int().argmax())
        return self.communicator.all_reduce(torch.where(bad_here[first], losses[first], 0.0))

    def sum_gradients(self) -> None:
        """Sum `.grad` over ranks; a parameter without one counts as zero."""
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters]
        failed, *summed = self.communicator.all_reduce_coalesced(
            [self.failure_sync.failure_flag(self.device), *gradients]
        )
        for parameter, gradient in zip(self.parameters, summed, strict=True):
            parameter.grad = acceleration.match_memory_format(parameter, gradient)
        self.failure_sync.maybe_check(failed)

    def _coefficients(self, config: Config) -> Tensor:
        """Return the factor of each task's loss (T,): loss weight over trivial loss.

        With `loss_scale: none` it is the loss weight alone.
        """
        weights = [task.loss_weight for task in config.tasks.values()]
        coefficients = torch.tensor(weights, device=self.device)
        if config.training.loss_scale == "none":
            return coefficients
        return coefficients / torch.stack([head.trivial_loss for head in self.heads.values()])
