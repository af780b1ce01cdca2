"""The aggregators that solve a problem every step. A solver that fails, fails the trial: none goes on with a guess.

T tasks, g_t the gradient of task t with respect to the shared parameters, G = JJᵀ their inner products (T, T)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torchjd.aggregation as jd
from scipy.optimize import least_squares, nnls
from torch import Tensor
from torchjd.linalg import DualConeProjector

from mtl_search.errors import TrialError
from mtl_search.models import checks
from mtl_search.training.balancing.aggregator import Aggregator


class NonNegativeProjector(DualConeProjector):
    """Projection onto the dual cone of the gradients by non-negative least squares.

    argmin vᵀGv over v ≥ u is v = u + z with z = argmin ‖Lᵀz + Lᵀu‖ over z ≥ 0, where G = LLᵀ (Cholesky). torchjd's own
    projector solves the same with quadprog, whose licence is the GPL; scipy's `nnls` is exact as well.

    Args:
        norm_eps: Below this trace, gradients count as zero.
        reg_eps: Added to the diagonal of G over its trace, so that it is positive definite.
    """

    def __init__(self, norm_eps: float = 1e-4, reg_eps: float = 1e-4) -> None:
        self.norm_eps, self.reg_eps = norm_eps, reg_eps

    def __call__(self, U: Tensor, G: Tensor) -> Tensor:
        """Weights v for each row u of U, (..., T)."""
        inner = G.detach().cpu().double().numpy()
        trace = np.trace(inner)
        inner = inner / trace if trace >= self.norm_eps else np.zeros_like(inner)
        upper = np.linalg.cholesky(inner + self.reg_eps * np.eye(len(inner))).T
        wanted = U.detach().cpu().double().numpy()
        projected = np.apply_along_axis(lambda u: u + nnls(upper, -upper @ u)[0], -1, wanted)
        return torch.as_tensor(projected, device=G.device, dtype=G.dtype)


class UPGrad(Aggregator):
    """UPGrad: each gradient projected onto the cone of directions that hurt no task; then their mean.

    Source: Quinton & Rey 2024, "Jacobian descent for multi-objective optimization".
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.UPGrad(projector=NonNegativeProjector()))


class DualProj(Aggregator):
    """DualProj: the mean gradient projected onto the cone of directions that hurt no task.

    Source: Lopez-Paz & Ranzato 2017, "Gradient episodic memory for continual learning", Equation 11.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.DualProj(projector=NonNegativeProjector()))


class CAGrad(Aggregator):
    """CAGrad: near the mean gradient, the direction that helps the worst task most. Needs cvxpy and clarabel.

    Source: Liu et al. 2021, "Conflict-averse gradient descent for multi-task learning", Algorithm 1.

    Args:
        tasks: T.
        c: Radius of the search around the mean gradient, over its length; 0 or more.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, c: float = 0.4) -> None:
        super().__init__(jd.CAGrad(checks.number(c, "c")))


class _FairWeighting(jd.FairGradWeighting):
    """torchjd's, but for a search that does not end: without a limit set by the user that is a failure."""

    def forward(self, gramian: Tensor, /) -> Tensor:
        count = len(gramian)
        inner = gramian.detach().cpu().double().numpy()

        def difference(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            return np.asarray(inner @ x - x ** (-1.0 / self.alpha))

        found = least_squares(difference, np.full(count, 1 / count), bounds=(0, np.inf), max_nfev=self.max_iters)
        if not found.success and self.max_iters is None:
            raise TrialError(f"FairGrad: {found.message}")
        return torch.as_tensor(found.x, device=gramian.device, dtype=gramian.dtype)


class FairGrad(Aggregator):
    """FairGrad: weights w with Gw = w^(−1/α): α-fair progress of all tasks.

    Source: Ban & Ji 2024, "Fair resource allocation in multi-task learning", Equation 4.

    Args:
        tasks: T.
        alpha: α > 0; 1 is proportional fairness, larger ones favour the task that gains least.
        max_iters: Evaluations of the search; default: until it ends, and 100·T at most, whose exceeding is a failure.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, alpha: float = 1.0, max_iters: int | None = None) -> None:
        limit = None if max_iters is None else checks.whole(max_iters, "max_iters")
        fair = _FairWeighting(checks.number(alpha, "alpha", open_low=True), limit)
        super().__init__(jd.GramianWeightedAggregator(fair))
