"""The parameters of all members in one matrix, of which the members' own networks see their row.

So a member's network can be evaluated, stored and loaded as if it were alone, and an optimizer's
update is a few operations on matrices whatever the number of layers.

B members, P numbers in the trained parameters of one of them
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class FlatParameters:
    """Hold the members' parameters in rows, and their buffers stacked.

    The tensors of each network become views of the stack, so that whatever the pack writes is seen
    by the networks, and what is loaded into a network is seen by the pack.

    Args:
        networks: The networks of the members, with parameters of the same shapes and types in the
            same order; their names may differ.
        order: The trained parameters by their places in the network, in the order in which the
            columns have them; by default that of the network.

    Attributes:
        matrix: (B, P), which requires a gradient.
        sizes: The numbers of columns of the parameters.
        shapes: Their shapes in one network.
        fixed: (B, ...) of the parameters that are not trained.
        buffers: (B, ...) of the buffers.
    """

    def __init__(self, networks: Sequence[nn.Module], order: Sequence[int] | None = None) -> None:
        self._networks = list(networks)
        count = len(trained_parameters(networks[0]))
        self._order = list(range(count)) if order is None else list(order)
        assert sorted(self._order) == list(range(count))
        self.shapes = [p.shape for p in self.trained_of(0)]
        self.sizes = [shape.numel() for shape in self.shapes]
        with torch.no_grad():
            rows = range(len(networks))
            self.matrix = torch.stack(
                [torch.cat([p.reshape(-1) for p in self.trained_of(row)]) for row in rows]
            )
            self.fixed = _stacked([_fixed(network) for network in networks])
            self.buffers = _stacked([list(network.buffers()) for network in networks])
        self._attach()

    def stacked(self, joined: Sequence[int] | None = None) -> list[Tensor]:
        """Return the trained parameters; one operation takes their gradients together.

        Args:
            joined: Numbers C of parameters of one shape that follow each other in the columns, and
                are returned as one tensor; by default each is by itself.

        Returns:
            (B, ...), or (B, C, ...) with `joined`.
        """
        count = len(self.matrix)
        if joined is None:
            parts = self.matrix.split_with_sizes(self.sizes, dim=1)
            pairs = zip(parts, self.shapes, strict=True)
            return [part.view(count, *shape) for part, shape in pairs]
        firsts = [sum(joined[:number]) for number in range(len(joined))]
        sizes = [self.sizes[first] * copies for first, copies in zip(firsts, joined, strict=True)]
        parts = self.matrix.split_with_sizes(sizes, dim=1)
        return [
            part.view(count, copies, *self.shapes[first])
            for part, copies, first in zip(parts, joined, firsts, strict=True)
        ]

    def trained_of(self, member: int) -> list[nn.Parameter]:
        """Return a member's own parameters, in the order of the columns."""
        own = trained_parameters(self._networks[member])
        return [own[place] for place in self._order]

    def rows_of(self, matrix: Tensor, member: int) -> list[Tensor]:
        """Return the parts of a (B, P) matrix that belong to a member's parameters, as views."""
        parts = matrix[member].split_with_sizes(self.sizes)
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def keep(self, members: Sequence[int]) -> None:
        """Let the other members leave; their networks get tensors of their own.

        Args:
            members: The rows of the members that stay.
        """
        staying = set(members)
        with torch.no_grad():
            for number, network in enumerate(self._networks):
                if number not in staying:
                    for tensor in (*network.parameters(), *network.buffers()):
                        tensor.data = tensor.data.clone()
            rows = torch.tensor(list(members), dtype=torch.long, device=self.matrix.device)
            self.matrix = self.matrix.detach()[rows]
            self.fixed = [x[rows] for x in self.fixed]
            self.buffers = [x[rows] for x in self.buffers]
        self._networks = [self._networks[member] for member in members]
        self._attach()

    def snapshot(self) -> list[Tensor]:
        """Return copies of all that changes in training."""
        return [x.detach().clone() for x in (self.matrix, *self.buffers)]

    def restore(self, snapshot: Sequence[Tensor]) -> None:
        """Go back to a snapshot."""
        self.matrix.grad = None
        with torch.no_grad():
            for x, before in zip((self.matrix, *self.buffers), snapshot, strict=True):
                x.copy_(before)

    def _attach(self) -> None:
        """Make the networks' tensors views of the stack."""
        for number, network in enumerate(self._networks):
            rows = self.rows_of(self.matrix, number)
            for parameter, row in zip(self.trained_of(number), rows, strict=True):
                parameter.data = row
            for parameter, stack in zip(_fixed(network), self.fixed, strict=True):
                parameter.data = stack[number]
            for buffer, stack in zip(network.buffers(), self.buffers, strict=True):
                buffer.data = stack[number]
        self.matrix.requires_grad_()


def trained_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that are trained, in the network's order."""
    return [p for p in network.parameters() if p.requires_grad]


def _fixed(network: nn.Module) -> list[nn.Parameter]:
    return [p for p in network.parameters() if not p.requires_grad]


def _stacked(tensors: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """Return (B, ...) of each tensor of B networks."""
    return [torch.stack(list(same)) for same in zip(*tensors, strict=True)]
