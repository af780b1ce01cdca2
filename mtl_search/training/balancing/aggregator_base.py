"""What every aggregator is: the gradients of the tasks in, one gradient out.

T tasks, P shared parameters
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torchjd.aggregation as jd
from torch import Tensor

from mtl_search.training.balancing.state import get_state, set_state

# Of the Jacobian at a time, so that a copy in double precision is never large.
_COLUMNS = 2**20


class Aggregator:
    """Base of all aggregators: one of torchjd's, with its capabilities named.

    Only the gradients of shared parameters are aggregated; heads follow their own tasks. The gradients are those of the
    weighted losses, over the global batch: aggregators are not linear, so the sum over ranks comes before them.

    Args:
        module: torchjd's.

    Attributes:
        draws: It draws random numbers, which must be the same on all ranks.
        leaves_out: A task whose gradient is zero, as without a label in the step, is left out: the method would take
            the zero for a wish. The others see such a row of zeros.
        independent: It reads the gradients of two independent halves of the step's batches.
        symmetric: Tasks in another order give the same gradient, up to what is drawn.
    """

    is_random: ClassVar[bool] = False
    leaves_out: ClassVar[bool] = False
    independent: ClassVar[bool] = False
    symmetric: ClassVar[bool] = True

    def __init__(self, module: jd.Aggregator) -> None:
        self.module = module

    def aggregate(
        self, jacobian: Tensor, halves: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """One gradient (P,), and the weights (T,) that the tasks' gradients have in it.

        Args:
            jacobian: (T, P), over the whole step.
            halves: The same over either half, where `independent`.

        Returns:
            None for the weights of a method that does not combine whole gradients.
        """
        if isinstance(self.module, jd.GramianWeightedAggregator):
            weights: Tensor = self.module.gramian_weighting(products(jacobian, jacobian)).to(
                jacobian.dtype
            )
            return weights @ jacobian, weights
        if isinstance(self.module, jd.WeightedAggregator):
            weights = self.module.weighting(jacobian)
            return weights @ jacobian, weights
        vector: Tensor = self.module(jacobian)
        return vector, None

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return get_state(self.module)

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from such a state."""
        set_state(self.module, dict(state), device)


def products(one: Tensor, other: Tensor) -> Tensor:
    """Inner products of the rows of two matrices (T, P) in double precision, (T, T).

    Many methods invert those of the gradients, whose condition is the square of the gradients': in float32 they would
    magnify what the order of a sum has changed, and different numbers of ranks would drift apart.
    """
    inner = torch.zeros(len(one), len(other), dtype=torch.float64, device=one.device)
    for left, right in zip(one.split(_COLUMNS, dim=1), other.split(_COLUMNS, dim=1), strict=True):
        wide = left.double()
        inner += wide @ (wide if one is other else right.double()).T
    return inner


class TwoBatchAggregator(Aggregator):
    """Base of methods that weigh tasks by J₁J₂ᵀ of two independent halves of the step.

    Args:
        weighting: torchjd's.
    """

    independent = True

    def __init__(self, weighting: jd.Weighting[Any]) -> None:
        super().__init__(jd.WeightedAggregator(weighting))
        self._weighting = weighting

    def aggregate(
        self, jacobian: Tensor, halves: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """The step follows the mean over both halves."""
        assert halves is not None
        weights: Tensor = self._weighting(products(*halves)).to(jacobian.dtype)
        return weights @ jacobian, weights
