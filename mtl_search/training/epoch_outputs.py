"""What the loop remembers of an epoch.

N samples of this rank
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mtl_search.data.loading.loader import Batch
from mtl_search.training.distributed.communicator import Communicator


class EpochOutputs:
    """What an epoch leaves behind for its losses and metrics: outputs, labels and losses, but no inputs.

    Args:
        keep_outputs: Whether metrics will be asked for.
    """

    def __init__(self, *, keep_outputs: bool = True) -> None:
        self.losses: list[Tensor] = []
        self.penalties: list[Tensor] = []
        self.batches: list[Batch] = []
        self._outputs: list[dict[str, Tensor]] = []
        self._keep_outputs = keep_outputs

    def add(self, outputs: dict[str, Tensor], batch: Batch, losses: Tensor | None = None) -> None:
        """Take in one batch."""
        self.batches.append(Batch({}, {}, batch.targets, batch.size, batch.total, batch.labels))
        if losses is not None:
            self.losses.append(losses.detach())
        if self._keep_outputs:
            self._outputs.append({task: output.detach() for task, output in outputs.items()})

    def add_nothing(self, batch: Batch, tasks: int, device: torch.device) -> None:
        """Take in a batch of which this rank has no sample."""
        self.batches.append(Batch({}, {}, {}, 0, batch.total, batch.labels))
        self.losses.append(torch.zeros(tasks, device=device))

    def mean_penalty(self) -> dict[str, float]:
        """`train/penalty`, the mean over the steps; nothing where the sharing policy adds none to the loss."""
        return (
            {"train/penalty": torch.stack(self.penalties).mean().item()} if self.penalties else {}
        )

    def collect(
        self, target_names: Mapping[str, str], peers: Communicator
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Task → outputs, float32, and target → labels of all ranks, on rank 0; empty on the others.

        Args:
            target_names: Task → name of its target.
            peers: The ranks.
        """
        names = list(dict.fromkeys(target_names.values()))
        own = [*map(self._outputs_of, target_names), *map(self._labels_of, names)]
        rows = peers.gather(own)
        return dict(zip(target_names, rows, strict=False)), dict(
            zip(names, rows[len(target_names) :], strict=False)
        )

    def _outputs_of(self, task: str) -> Tensor | None:
        """(N, ...) float32."""
        rows = [outputs[task] for outputs in self._outputs]
        return torch.cat(rows).float() if rows else None

    def _labels_of(self, target: str) -> Tensor | None:
        """(N, ...)."""
        rows = [batch.targets[target] for batch in self.batches if batch.size]
        return torch.cat(rows) if rows else None
