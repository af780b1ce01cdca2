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
        networks: The networks of the members, with parameters of the same names, shapes and types.

    Attributes:
        matrix: (B, P), which requires a gradient.
        names: The names of the parameters that are trained, in the order of the columns.
        shapes: Their shapes in one network.
        fixed: Name → (B, ...) of the parameters that are not trained.
        buffers: Name → (B, ...).
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        first = dict(networks[0].named_parameters())
        trained = {name: p for name, p in first.items() if p.requires_grad}
        self.names = list(trained)
        self.shapes = [p.shape for p in trained.values()]
        self.sizes = [p.numel() for p in trained.values()]
        self._networks = list(networks)
        with torch.no_grad():
            self.matrix = torch.stack(
                [torch.cat([p.reshape(-1) for p in _trained(network)]) for network in networks]
            )
            self.fixed = {
                name: torch.stack([dict(n.named_parameters())[name] for n in networks])
                for name in first
                if name not in trained
            }
            self.buffers = {
                name: torch.stack([dict(n.named_buffers())[name] for n in networks])
                for name, _ in networks[0].named_buffers()
            }
        self._attach()

    def stacked(self) -> list[Tensor]:
        """Return the trained parameters (B, ...); one operation takes their gradients together."""
        parts = self.matrix.split_with_sizes(self.sizes, dim=1)
        count = len(self.matrix)
        return [part.view(count, *shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def trained_of(self, member: int) -> list[nn.Parameter]:
        """Return a member's own parameters, in the order of the columns."""
        return _trained(self._networks[member])

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
            self.fixed = {name: x[rows] for name, x in self.fixed.items()}
            self.buffers = {name: x[rows] for name, x in self.buffers.items()}
        self._networks = [self._networks[member] for member in members]
        self._attach()

    def snapshot(self) -> list[Tensor]:
        """Return copies of all that changes in training."""
        return [x.detach().clone() for x in (self.matrix, *self.buffers.values())]

    def restore(self, snapshot: Sequence[Tensor]) -> None:
        """Go back to a snapshot."""
        self.matrix.grad = None
        with torch.no_grad():
            for x, before in zip((self.matrix, *self.buffers.values()), snapshot, strict=True):
                x.copy_(before)

    def _attach(self) -> None:
        """Make the networks' tensors views of the stack."""
        for number, network in enumerate(self._networks):
            for parameter, row in zip(
                _trained(network), self.rows_of(self.matrix, number), strict=True
            ):
                parameter.data = row
            for name, parameter in network.named_parameters():
                if name in self.fixed:
                    parameter.data = self.fixed[name][number]
            for name, buffer in network.named_buffers():
                buffer.data = self.buffers[name][number]
        self.matrix.requires_grad_()


def _trained(network: nn.Module) -> list[nn.Parameter]:
    return [p for p in network.parameters() if p.requires_grad]
