"""What the loop remembers of an epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_search.data.loader import Batch


class Seen:
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
        self.batches.append(Batch({}, {}, batch.targets, batch.size))
        if losses is not None:
            self.losses.append(losses.detach())
        if self._keep_outputs:
            self._outputs.append({task: output.detach() for task, output in outputs.items()})

    def mean_penalty(self) -> dict[str, float]:
        """`train/penalty`, the mean over the steps; nothing where the sharing policy adds none to the loss."""
        return {"train/penalty": torch.stack(self.penalties).mean().item()} if self.penalties else {}

    def outputs_of(self, task: str) -> Tensor:
        """(N, ...) float32."""
        return torch.cat([outputs[task] for outputs in self._outputs]).float()

    def labels_of(self, target: str) -> Tensor:
        """(N, ...)."""
        return torch.cat([batch.targets[target] for batch in self.batches])
