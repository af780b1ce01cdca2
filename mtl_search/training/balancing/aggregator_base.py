"""Base classes of aggregators: they turn the gradients of the tasks into one gradient.

T tasks, P shared parameters
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torchjd.aggregation as jd
from torch import Tensor

from mtl_search.training.balancing.state import get_state, set_state

# Columns of the Jacobian at a time, so that a copy in double precision is never large.
_COLUMNS = 2**20


class Aggregator:
    """Combine the gradients of the tasks: an aggregator of torchjd, with its capabilities named.

    Only the gradients of shared parameters are aggregated; heads follow their own tasks. The
    gradients are those of the weighted losses, over the global batch: aggregators are not linear,
    so gradients are summed over ranks first.

    An aggregator of your own is a subclass whose `__init__` takes the number of tasks, and any
    arguments of its own. It passes a module of torchjd to this class, or overrides `aggregate`. Its
    name in the config is `module:Class`.

    Args:
        module: The aggregator of torchjd; its state is stored in checkpoints.

    Attributes:
        is_random: Whether it draws random numbers, which must be the same on all ranks.
        leaves_out: Whether a task whose gradient is zero, as without a label in the step, is left
            out: the method would otherwise let the zero win. Others get the row of zeros.
        independent: Whether it reads the gradients of two independent halves of the step's batches.
        symmetric: Whether another order of the tasks gives the same gradient, apart from random
            numbers.

    Examples:
        Each gradient is divided by its length, so that all tasks pull alike:

        >>> class UnitSum(Aggregator):
        ...     def __init__(self, tasks: int, *, least: float = 1e-8) -> None:
        ...         super().__init__(jd.Sum())
        ...         self.least = least
        ...
        ...     def aggregate(
        ...         self, jacobian: Tensor, halves: tuple[Tensor, Tensor] | None = None
        ...     ) -> tuple[Tensor, Tensor | None]:
        ...         weights = 1 / jacobian.norm(dim=1).clamp(min=self.least)
        ...         return weights @ jacobian, weights
        >>> gradient, weights = UnitSum(2).aggregate(torch.tensor([[3.0, 0.0], [0.0, 0.5]]))
        >>> gradient
        tensor([1., 1.])

        In a config it is `training.aggregator: {name: "my_module:UnitSum"}`.
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
        """Combine the gradients of the tasks.

        Args:
            jacobian: The gradients (T, P) over the whole step.
            halves: The gradients (T, P) over either half of its batches, where `independent`.

        Returns:
            One gradient (P,), and the weights (T,) that the tasks' gradients have in it; None for a
            method that does not combine whole gradients.
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
        """Return all that the next step depends on."""
        return get_state(self.module)

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from a state that `state_dict` returned.

        Args:
            state: The state, with its tensors on the CPU.
            device: The device that the gradients are on.
        """
        set_state(self.module, dict(state), device)


def products(one: Tensor, other: Tensor) -> Tensor:
    """Return the inner products of the rows of two matrices (T, P) in double precision, (T, T).

    Many methods invert those of the gradients, whose condition is the square of the gradients'. In
    float32 they would magnify differences in rounding, and different numbers of ranks, which add in
    different orders, would drift apart.
    """
    inner = torch.zeros(len(one), len(other), dtype=torch.float64, device=one.device)
    for left, right in zip(one.split(_COLUMNS, dim=1), other.split(_COLUMNS, dim=1), strict=True):
        left_double = left.double()
        right_double = left_double if one is other else right.double()
        inner += left_double @ right_double.T
    return inner


class TwoBatchAggregator(Aggregator):
    """Weigh tasks by J₁J₂ᵀ, the Jacobians of two independent halves of the step.

    Args:
        weighting: The weighting of torchjd that turns this matrix into weights.
    """

    independent = True

    def __init__(self, weighting: jd.Weighting[Any]) -> None:
        super().__init__(jd.WeightedAggregator(weighting))
        self._weighting = weighting

    def aggregate(
        self, jacobian: Tensor, halves: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Combine the gradients over the whole step by the weights of its halves."""
        assert halves is not None
        weights: Tensor = self._weighting(products(*halves)).to(jacobian.dtype)
        return weights @ jacobian, weights
