"""The record of an epoch of all members, and each member's part of it.

B members, N samples of an epoch, T tasks
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_search.data.loading.stacked import StackedBatch
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.packs.program import Passed
from mtl_search.training.trainer import Trainer


class MemberOutputs(EpochOutputs):
    """The record of a member, whose outputs and labels were collected with those of the others.

    Args:
        outputs: Task → outputs (N, ...).
        labels: Target → labels (N, ...).
        losses: (batches, T); None for a split that is not trained on.
    """

    def __init__(
        self,
        outputs: Mapping[str, Tensor],
        labels: Mapping[str, Tensor],
        losses: Tensor | None = None,
    ) -> None:
        super().__init__()
        self._collected = dict(outputs), dict(labels)
        self._losses = losses

    def stacked_losses(self) -> Tensor:
        """Return the losses of all batches (batches, T)."""
        assert self._losses is not None
        return self._losses

    def collect(
        self, target_names: Mapping[str, str], communicator: Communicator
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return the outputs in float32, and the labels."""
        return self._collected


class PackRecord:
    """Keep losses, and outputs where they are asked for, of all members.

    Args:
        trainers: The members' trainers.
    """

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        self._trainers = trainers
        self._keep_outputs = trainers[0].config.train_metrics
        self._batches: list[StackedBatch] = []
        self._losses: list[Tensor] = []
        self._outputs: list[Sequence[Tensor]] = []
        self.penalties: list[Tensor] = []

    def add(self, batch: StackedBatch, passed: Passed) -> None:
        """Add a batch."""
        self._batches.append(batch)
        self._losses.append(passed.losses.detach())
        if self._keep_outputs:
            self._outputs.append([output.detach() for output in passed.outputs])

    def by_member(self) -> list[EpochOutputs]:
        """Return the record of each member."""
        losses = torch.stack(self._losses, 1)  # (B, batches, T)
        outputs = [torch.cat(parts, 1).float() for parts in zip(*self._outputs, strict=True)]
        targets: list[Tensor] = []
        if self._keep_outputs:
            parts = zip(*[batch.targets for batch in self._batches], strict=True)
            targets = [torch.cat(part, 1) for part in parts]
        records: list[EpochOutputs] = []
        for number, trainer in enumerate(self._trainers):
            names = dict.fromkeys(trainer.target_names.values())
            record = MemberOutputs(
                {task: x[number] for task, x in zip(trainer.heads, outputs, strict=False)},
                {name: x[number] for name, x in zip(names, targets, strict=False)},
                losses[number],
            )
            record.batches = [batch.counts[number] for batch in self._batches]
            record.penalties = [penalty[number] for penalty in self.penalties]
            records.append(record)
        return records


def validation_labels(trainer: Trainer) -> dict[str, Tensor]:
    """Return target → labels (N, ...) of the validation split, as a trainer collects them."""
    record = EpochOutputs(keep_outputs=False)
    for batch in trainer.evaluation_loader("validation"):
        record.add({}, batch)
    names = list(dict.fromkeys(trainer.target_names.values()))
    return {name: torch.cat([batch.targets[name] for batch in record.batches]) for name in names}
