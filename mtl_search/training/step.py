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
from mtl_search.data.loading.loader import Batch
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training import acceleration
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.distributed.failure_sync import FailureSync
from mtl_search.training.epoch_outputs import EpochOutputs

Forward = Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], dict[str, Tensor]]


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Of the forward pass; may be entered again and again."""
    return (
        nullcontext() if precision == "fp32" else torch.autocast(device.type, dtype=torch.bfloat16)
    )


class Step:
    """Computes the gradient of a step and leaves it in `.grad`, the same on all ranks.

    The loss of a task is the mean over the labelled samples of the whole global batch. So each rank's mean counts by
    its share of these labels, and gradients are summed over ranks, not averaged. A rank without a label of a task, or
    without a sample at all, adds zeros.

    The sum over ranks is our own rather than `DistributedDataParallel`'s, which reduces once a backward and in every
    backward: here a step may have several (the penalty of the sharing policy, accumulated batches, one a task), and the
    gradients of the tasks must be summed before they are combined.

    Args:
        network: On its device, the same on all ranks.
        config: Of the trial.
        peers: The ranks.
        device: Where the network is.
        guard: What keeps a rank that fails in step.

    Attributes:
        needs_losses_after_step: `after_optimizer_step` is to be called after the optimiser's step.
        adaptive: It decides for itself how much each task counts, on top of the loss weights.
    """

    needs_losses_after_step = False
    adaptive = False

    def __init__(
        self,
        network: MultiTaskNetwork,
        config: Config,
        peers: Communicator,
        device: torch.device,
        guard: FailureSync,
    ) -> None:
        self.network, self.peers, self.device, self.guard = network, peers, device, guard
        self.heads, self.target_names = network.heads, network.target_names
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.coefficients = self._coefficients(config)
        self._autocast = autocast(config.training.precision, device)
        self._needs_all = config.training.sync_batch_norm and peers.size > 1

    def accumulate_gradients(self, batches: Sequence[Batch], seen: EpochOutputs) -> None:
        """Add the gradient of these batches, over all ranks, to `.grad`, which is None before."""
        shares = self.shares(batches) if len(batches) > 1 or self.peers.size > 1 else None  # (G, T)
        if self.peers.rank == 0:
            self.backward_penalty(seen)  # it counts once, not once a rank
        for number, batch in enumerate(batches):
            losses = self.forward(batch, seen)
            if losses is not None:
                self.backward(
                    losses.dot(
                        self.coefficients if shares is None else self.coefficients * shares[number]
                    )
                )
        if self.peers.size > 1:
            self.sum_gradients()

    def after_optimizer_step(self, batches: Sequence[Batch]) -> None:
        """See the same batches again after the optimiser's step, where `needs_losses_after_step`."""

    def end_epoch(self) -> dict[str, float]:
        """Called after the last step of an epoch; what it has to say for the log."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """All that the next epoch depends on."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""

    # ---------------------------------------------------------------- its parts

    def backward_penalty(self, seen: EpochOutputs) -> None:
        """Add the gradient of what the sharing policy adds to the loss."""
        if (penalty := self.network.sharing.penalty()) is not None:
            penalty.backward()
            seen.penalties.append(penalty.detach())

    def forward(
        self, batch: Batch, seen: EpochOutputs, network: Forward | None = None
    ) -> Tensor | None:
        """Loss of each task (T,), the mean over this rank's part of the batch; None where it takes no part.

        Args:
            batch: The part.
            seen: Takes it in.
            network: What runs the network, if not itself.
        """
        if not self._skips(batch):
            try:
                with self._autocast:
                    outputs = (network or self.network)(batch.inputs, batch.masks)
                    losses = self.losses(outputs, batch)
            except Exception as error:  # noqa: BLE001  the user's network may raise anything
                self.guard.record_failure(error)
            else:
                seen.add(outputs, batch, losses)
                return losses
        seen.add_nothing(batch, len(self.heads), self.device)
        return None

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of a loss () on this rank."""
        try:
            loss.backward()
        except Exception as error:  # noqa: BLE001  the user's network may raise anything
            self.guard.record_failure(error)

    def losses(self, outputs: dict[str, Tensor], batch: Batch) -> Tensor:
        """Loss of each task (T,), each the mean over the labelled samples of the batch."""
        targets, names = batch.targets, self.target_names
        return torch.stack(
            [head.loss(outputs[task], targets[names[task]]) for task, head in self.heads.items()]
        )

    def _skips(self, batch: Batch) -> bool:
        """Whether this rank leaves the batch to others: it has no sample of it, or has failed.

        Synchronised batch normalisation speaks to all ranks within the forward pass, so an empty part then passes, too.
        """
        return self.guard.failure is not None or (
            batch.size == 0 and not (self._needs_all and batch.inputs)
        )

    def shares(self, batches: Sequence[Batch]) -> Tensor:
        """What part of a step's labels each of its batches has on this rank, (G, T).

        With it, G small batches, or the R parts of one, are one big batch.
        """
        own, whole = self.counts(batches)
        return own / whole.clamp(min=1)

    def counts(self, batches: Sequence[Batch]) -> tuple[Tensor, Tensor]:
        """Labels of each task in each batch on this rank (G, T), and in all batches on all ranks (T,)."""
        names = self.target_names.values()
        counts = [
            [batch.labels.get(name, (batch.size, batch.total)) for name in names]
            for batch in batches
        ]
        both = torch.tensor(counts, dtype=torch.float32, device=self.device)  # (G, T, 2)
        return both[..., 0], both[..., 1].sum(0)

    def mean_losses(self, seen: EpochOutputs) -> list[float | None]:
        """Loss of each task over the labelled samples of all batches and ranks, each as it was in its step.

        None for a task without any label in them: an epoch may draw no batch of a small source.
        """
        known, losses = self.counts(seen.batches)[1] > 0, self._mean_losses(seen)
        return [
            loss if has else None for has, loss in zip(known.tolist(), losses.tolist(), strict=True)
        ]

    def _mean_losses(self, seen: EpochOutputs) -> Tensor:
        """The same (T,), with 0 for a task without any label."""
        losses = torch.stack(seen.losses)
        broken = (~losses.isfinite()).any(1)
        steps = torch.arange(len(losses), device=self.device)
        first = torch.where(broken, steps, len(losses)).min()
        at_first = losses[first.clamp(max=len(losses) - 1)]
        own = torch.cat(
            [first.unsqueeze(0).float(), at_first, (losses * self.shares(seen.batches)).sum(0)]
        )
        every = torch.zeros(self.peers.size, len(own), device=self.device)
        every[self.peers.rank] = own
        every = self.peers.all_reduce(every)
        earliest = every[:, 0].min()
        # The first batch with such a loss alone: after its step all tasks have one.
        of_first = every[every[:, 0] == earliest, 1 : len(self.heads) + 1].sum(0)
        return torch.where(earliest < len(losses), of_first, every[:, len(self.heads) + 1 :].sum(0))

    def sum_gradients(self) -> None:
        """Sum `.grad` over ranks. A parameter without one counts as zero: another rank may have one."""
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters]
        failed, *summed = self.peers.all_reduce_coalesced(
            [self.guard.failure_flag(self.device), *gradients]
        )
        for parameter, gradient in zip(self.parameters, summed, strict=True):
            parameter.grad = acceleration.match_memory_format(parameter, gradient)
        self.guard.maybe_check(failed)

    def _coefficients(self, config: Config) -> Tensor:
        """Loss weight of each task (T,), over the loss of its best constant prediction unless `loss_scale: none`."""
        weights = [task.loss_weight for task in config.tasks.values()]
        coefficients = torch.tensor(weights, device=self.device)
        if config.training.loss_scale == "none":
            return coefficients
        return coefficients / torch.stack([head.trivial_loss for head in self.heads.values()])
