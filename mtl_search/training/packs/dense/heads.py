"""Heads that are alike, of all members and several tasks: losses and predictions at once.

B members, C heads that differ in their numbers alone, N samples, O width of their output
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_search.models.heads.base import Head, PooledHead
from mtl_search.models.tensor_places import tensor_places
from mtl_search.training.packs.dense.losses import gives_numbers, has_rule, row_losses
from mtl_search.training.packs.dense.plan import HeadGroup


class HeadJudge:
    """Losses, outputs and predictions of heads that are alike, behind their dense layers.

    Args:
        group: The heads of one member.
        numbers: id of a buffer → its number in the network.
        target_of: The number of the target of each task.

    Attributes:
        places: The numbers of the tasks in the network's order.
    """

    def __init__(
        self, group: HeadGroup, numbers: Mapping[int, int], target_of: Sequence[int]
    ) -> None:
        self.places = group.places
        head = copy.deepcopy(group.heads[0])
        assert isinstance(head, PooledHead)
        head.dense = nn.Identity()
        head.complete = group.complete
        self._head: Head = head.to("meta")
        self._has_rule = has_rule(head)
        self._gives_numbers = gives_numbers(head)
        self._names = [name for name, _ in head.named_buffers()]
        places = tensor_places(head)
        self._places = [places[name] for name in self._names]
        buffers = [list(own.buffers()) for own in group.heads]
        self._numbers = [[numbers[id(x)] for x in same] for same in zip(*buffers, strict=True)]
        self._targets = [target_of[place] for place in group.places]
        self._buffers: tuple[int, list[Tensor]] = (0, [])  # B, and those of so many members

    def __call__(
        self, x: Tensor, targets: Sequence[Tensor] | None, buffers: Sequence[Tensor]
    ) -> tuple[Tensor | None, Tensor]:
        """Return losses (B, C), or None without targets, and outputs (B, C, N, ...).

        Args:
            x: (B·C, N, O).
            targets: (B, N, ...) of each target; None: no losses.
            buffers: (B, ...) of each buffer of the network.
        """
        copies = len(self._targets)
        outputs = x.squeeze(2) if self._gives_numbers else x
        losses = None
        if targets is not None:
            losses = self._losses(outputs, self.labels(targets), self._stacked(buffers))
        return losses, outputs.unflatten(0, (-1, copies))

    def labels(self, targets: Sequence[Tensor]) -> Tensor:
        """Return the labels (B·C, N, ...) of the tasks, from (B, N, ...) of each target."""
        if len(self._targets) == 1:
            return targets[self._targets[0]]
        return torch.stack([targets[place] for place in self._targets], 1).flatten(0, 1)

    def evaluate(
        self, outputs: Tensor, labels: Tensor, buffers: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return losses (B, C) and predictions (B·C, N, ...) of outputs (B·C, N, ...)."""
        own = self._stacked(buffers)
        predictions: Tensor = torch.vmap(self._predict)(outputs, *own)
        return self._losses(outputs, labels, own), predictions

    def _losses(self, outputs: Tensor, labels: Tensor, buffers: Sequence[Tensor]) -> Tensor:
        """Return losses (B, C)."""
        if self._has_rule:
            named = dict(zip(self._names, buffers, strict=True))
            losses = row_losses(self._head, outputs, labels, named)
        else:
            losses = torch.vmap(self._loss)(outputs, labels, *buffers)
        return losses.view(-1, len(self._targets))

    def _loss(self, output: Tensor, labels: Tensor, *buffers: Tensor) -> Tensor:
        self._put(buffers)
        return self._head.loss(output, labels)

    def _predict(self, output: Tensor, *buffers: Tensor) -> Tensor:
        self._put(buffers)
        return self._head.predict(output)

    def _put(self, buffers: Sequence[Tensor]) -> None:
        for (tensors, name), buffer in zip(self._places, buffers, strict=True):
            tensors[name] = buffer

    def _stacked(self, buffers: Sequence[Tensor]) -> list[Tensor]:
        """Return the heads' buffers (B·C, ...), which no step changes."""
        count = len(buffers[0])
        if self._buffers[0] != count:
            stacked = [
                torch.stack([buffers[number] for number in same], 1).flatten(0, 1)
                for same in self._numbers
            ]
            self._buffers = count, stacked
        return self._buffers[1]
