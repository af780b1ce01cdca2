"""The record of an epoch from which its losses and metrics are computed.

N samples of this rank
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.data.loading.loader import Loader
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.distributed.failure_sync import FailureSync


@dataclass(frozen=True)
class Judged:
    """What was computed of an epoch together with those of other trials.

    Attributes:
        losses: The loss of each task over all labelled samples.
        metrics: (task, metric) → value.
    """

    losses: list[float]
    metrics: Mapping[tuple[str, str], float]


class EpochOutputs:
    """Keep outputs, labels and losses of an epoch's batches, but no inputs.

    Args:
        keep_outputs: Whether the network's outputs are kept, which only metrics need.

    Attributes:
        losses: The loss of each task (T,), by batch.
        penalties: The penalty () of the sharing policy, by step.
        batches: The batches without their inputs.
        judged: The losses and metrics, where they were computed with those of other trials.
    """

    def __init__(self, *, keep_outputs: bool = True) -> None:
        self.losses: list[Tensor] = []
        self.penalties: list[Tensor] = []
        self.batches: list[Batch] = []
        self.judged: Judged | None = None
        self._outputs: list[dict[str, Tensor]] = []
        self._keep_outputs = keep_outputs

    def add(self, outputs: dict[str, Tensor], batch: Batch, losses: Tensor | None = None) -> None:
        """Add one batch."""
        self.batches.append(Batch({}, {}, batch.targets, batch.size, batch.total, batch.labels))
        if losses is not None:
            self.losses.append(losses.detach())
        if self._keep_outputs:
            self._outputs.append({task: output.detach() for task, output in outputs.items()})

    def add_nothing(self, batch: Batch, tasks: int, device: torch.device) -> None:
        """Add a batch of which this rank has no sample."""
        self.batches.append(Batch({}, {}, {}, 0, batch.total, batch.labels))
        self.losses.append(torch.zeros(tasks, device=device))

    def stacked_losses(self) -> Tensor:
        """Return the losses of all batches (batches, T)."""
        return torch.stack(self.losses)

    def mean_penalty(self) -> dict[str, float]:
        """Return `train/penalty`, the mean over the steps, if the sharing policy has a penalty."""
        if not self.penalties:
            return {}
        return {"train/penalty": torch.stack(self.penalties).mean().item()}

    def collect(
        self, target_names: Mapping[str, str], communicator: Communicator
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Collect outputs and labels of all ranks on rank 0.

        Args:
            target_names: Task → the name of its target.
            communicator: The ranks.

        Returns:
            Task → outputs in float32, and target → labels; on the other ranks both are empty.
        """
        names = list(dict.fromkeys(target_names.values()))
        rows_here = [*map(self._outputs_of, target_names), *map(self._labels_of, names)]
        rows = communicator.gather(rows_here)
        if not rows:
            return {}, {}
        labels = rows[len(target_names) :]
        return dict(zip(target_names, rows, strict=False)), dict(zip(names, labels, strict=True))

    def _outputs_of(self, task: str) -> Tensor | None:
        """Return the outputs of a task (N, ...) in float32; None without a sample."""
        rows = [outputs[task] for outputs in self._outputs]
        return torch.cat(rows).float() if rows else None

    def _labels_of(self, target: str) -> Tensor | None:
        """Return the labels of a target (N, ...); None without a sample."""
        rows = [batch.targets[target] for batch in self.batches if batch.size]
        return torch.cat(rows) if rows else None


@torch.inference_mode()
def predict(
    network: MultiTaskNetwork,
    loader: Loader,
    precision: AbstractContextManager[object],
    failure_sync: FailureSync,
) -> EpochOutputs:
    """Return the outputs of a network over a whole split, in evaluation mode.

    Args:
        network: The network.
        loader: The split's batches of this rank.
        precision: The context in which the network computes.
        failure_sync: Raises an error of any rank on all ranks.
    """
    network.eval()
    epoch_outputs = EpochOutputs()
    try:
        for batch in loader:
            if batch.size:
                with precision:
                    epoch_outputs.add(network(batch.inputs, batch.masks), batch)
    except Exception as error:  # noqa: BLE001  the user's network may raise anything
        failure_sync.record_failure(error)
    failure_sync.check()
    return epoch_outputs
