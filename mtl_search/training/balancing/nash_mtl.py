"""Nash-MTL, with a solver whose failures are heard.

T tasks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torchjd.aggregation as jd
from torchjd.aggregation._nash_mtl import _NashMTLWeighting

from mtl_search.errors import TrialError
from mtl_search.models import checks
from mtl_search.training.balancing.aggregator import Aggregator


class _Strict:
    """A problem of cvxpy that says when it was not solved.

    torchjd's loop catches cvxpy's errors and goes on with the weights of the step before.
    """

    def __init__(self, problem: Any) -> None:
        self._problem = problem

    def solve(self, **options: Any) -> None:
        """Solve it.

        Raises:
            TrialError: The solver failed, or found nothing.
        """
        try:
            self._problem.solve(**options)
        except Exception as error:
            raise TrialError(
                f"Nash-MTL: the solver failed ({error}); a task without a label in a step is one cause"
            ) from error
        if any(variable.value is None for variable in self._problem.variables()):
            raise TrialError(f"Nash-MTL: the solver found nothing ({self._problem.status})")


class NashMTLWeighting(_NashMTLWeighting):
    """torchjd's weighting, its problem made strict."""

    def _init_optim_problem(self) -> None:
        super()._init_optim_problem()
        self.prob = _Strict(self.prob)

    def go_on(self) -> None:
        """Make the problem, which is no data, for a state that comes from a checkpoint."""
        if self.step > 0:
            self._init_optim_problem()


class NashMTL(Aggregator):
    """Nash-MTL: the bargaining solution, weights w with Gw = 1/w for G = JJᵀ. Needs cvxpy and ecos.

    Every task needs a label in every step. ECOS is under the GPL.

    Source: Navon et al. 2022, "Multi-task learning as a bargaining game", Algorithm 1.

    Args:
        tasks: T.
        max_norm: Longest gradient that comes out; 0 for no limit.
        update_weights_every: Steps between two solutions.
        optim_niter: Rounds of the solution by linearised problems.
    """

    def __init__(
        self, tasks: int, *, max_norm: float = 1.0, update_weights_every: int = 1, optim_niter: int = 20
    ) -> None:
        self._weighting = NashMTLWeighting(
            tasks,
            checks.number(max_norm, "max_norm"),
            checks.whole(update_weights_every, "update_weights_every"),
            checks.whole(optim_niter, "optim_niter"),
        )
        super().__init__(jd.WeightedAggregator(self._weighting))

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """With the problem made anew."""
        super().load_state_dict(state, device)
        self._weighting.go_on()
