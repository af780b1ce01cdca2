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
    """Keep losses, and outputs where they are asked for, of an epoch of all members.

    Args:
        keep_outputs: Whether the networks' outputs are kept, which only metrics need.

    Attributes:
        penalties: The penalties (B,) of the sharing policy, by step.
    """

    def __init__(self, *, keep_outputs: bool) -> None:
        self._keep_outputs = keep_outputs
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

    @property
    def losses(self) -> Tensor:
        """The losses of all batches, (B, batches, T)."""
        return torch.stack(self._losses, 1)

    @property
    def outputs(self) -> list[Tensor]:
        """The outputs of each task (B, N, ...) in float32; empty where none are kept."""
        return [torch.cat(parts, 1).float() for parts in zip(*self._outputs, strict=True)]

    @property
    def targets(self) -> list[Tensor]:
        """The labels of each target (B, N, ...) in the order of `outputs`, if these are kept."""
        if not self._keep_outputs:
            return []
        parts = zip(*[batch.targets for batch in self._batches], strict=True)
        return [torch.cat(part, 1) for part in parts]

    def complete(self, records: Sequence[EpochOutputs]) -> list[EpochOutputs]:
        """Add the batches and the penalties to the members' records."""
        for number, record in enumerate(records):
            record.batches = [batch.counts[number] for batch in self._batches]
            record.penalties = [penalty[number] for penalty in self.penalties]
        return list(records)


def member_records(
    trainers: Sequence[Trainer],
    outputs: Sequence[Tensor],
    labels: Sequence[Tensor],
    losses: Tensor | None = None,
) -> list[EpochOutputs]:
    """Return the record of each member.

    Args:
        trainers: The members' trainers.
        outputs: (B, N, ...) of each task; empty where they are not kept.
        labels: (B, N, ...) of each target.
        losses: (B, batches, T); None for a split that is not trained on.
    """
    records: list[EpochOutputs] = []
    for number, trainer in enumerate(trainers):
        names = dict.fromkeys(trainer.target_names.values())
        records.append(
            MemberOutputs(
                {task: x[number] for task, x in zip(trainer.heads, outputs, strict=False)},
                {name: x[number] for name, x in zip(names, labels, strict=False)},
                None if losses is None else losses[number],
            )
        )
    return records


def validation_labels(trainers: Sequence[Trainer]) -> list[Tensor]:
    """Return the labels of each target (B, N, ...) on the validation split."""
    own = [_validation_labels(trainer) for trainer in trainers]
    return [torch.stack(list(same)) for same in zip(*own, strict=True)]


def _validation_labels(trainer: Trainer) -> list[Tensor]:
    batches = list(trainer.evaluation_loader("validation"))
    names = dict.fromkeys(trainer.target_names.values())
    return [torch.cat([batch.targets[name] for batch in batches]) for name in names]
