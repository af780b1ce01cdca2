"""The gradients of a step's tasks, as they are summed over ranks before they are combined.

T tasks, P shared parameters
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mtl_search.training.distributed.communicator import Communicator


@dataclass
class StepGradients:
    """Hold the gradients of a step's tasks before they are combined.

    Attributes:
        losses: The scaled losses (T,).
        jacobians: The Jacobian of the shared parameters (T, P), or its two summands, one a half of
            the batches.
        first_share: The share of each task's labels (T,) that the first summand has.
        own: The gradients of the parameters that belong to one task, as
            `TaskGradients.own_parameters` lists them.
        failed: The number of ranks that have failed, (1,).
    """

    losses: Tensor
    jacobians: list[Tensor]
    first_share: Tensor
    own: list[Tensor]
    failed: Tensor

    def all_reduce(self, communicator: Communicator) -> StepGradients:
        """Return the sums over ranks, by a single exchange."""
        tensors = [self.losses, self.first_share, self.failed, *self.jacobians, *self.own]
        losses, first_share, failed, *gradients = communicator.all_reduce_coalesced(tensors)
        count = len(self.jacobians)
        return StepGradients(losses, gradients[:count], first_share, gradients[count:], failed)

    def halves(self, factors: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return the Jacobian (T, P) over either half of the batches, if there are two summands.

        Args:
            factors: What the rows of the whole Jacobian are multiplied by (T,).
        """
        if len(self.jacobians) == 1:
            return None
        first, second = self.jacobians
        # A summand counts by its share of the step's labels; divided by it, it is the mean over its
        # half.
        shares = torch.stack([self.first_share, 1 - self.first_share]).clamp(min=1e-12)
        by_half = (factors / shares).unsqueeze(2)  # (2, T, 1)
        return by_half[0] * first, by_half[1] * second
