"""The aggregators that solve an optimisation problem in every step.

A solver that fails makes the trial fail: none goes on with a guess.

torchjd solves these with quadprog (GPL), cvxpy, clarabel and ecos (GPL), which are large, and its
Nash-MTL goes on with the weights of the step before when the solver fails. The problems are convex
and of size T, so scipy and a Newton method are enough; the tests compare each with torchjd's own,
where its solvers are installed.

T tasks, J their gradients with respect to the shared parameters (T, P), G = JJᵀ (T, T), w their
weights (T,)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torchjd.aggregation as jd
from scipy.optimize import minimize, nnls
from torch import Tensor
from torchjd.linalg import DualConeProjector

from mtl_search.config.checks import check_number
from mtl_search.errors import TrialError
from mtl_search.training.balancing.aggregator_base import Aggregator

_UNFAIR = "there are no fair weights: a mixture of the tasks' gradients is all but zero"

Vector = npt.NDArray[np.float64]


class NonNegativeProjector(DualConeProjector):
    """Project onto the dual cone of the gradients by non-negative least squares.

    argmin vᵀGv over v ≥ u is v = u + z with z = argmin ‖Lᵀz + Lᵀu‖ over z ≥ 0, where G = LLᵀ
    (Cholesky); `nnls` is exact. As in torchjd's projector, G is divided by its trace and 10⁻⁴ is
    added to its diagonal, so that it is positive definite; unlike there, gradients below a norm of
    0.01 do not count as zero.
    """

    _REGULARISATION = 1e-4

    def __call__(self, U: Tensor, G: Tensor) -> Tensor:
        """Return weights v for each row u of U, (..., T)."""
        inner = _array(G)
        if inner.any():
            inner = inner / np.trace(inner)
        upper = np.linalg.cholesky(inner + self._REGULARISATION * np.eye(len(inner))).T
        projected = np.apply_along_axis(lambda u: u + nnls(upper, -upper @ u)[0], -1, _array(U))
        return torch.as_tensor(projected, device=G.device, dtype=G.dtype)


class UPGrad(Aggregator):
    """UPGrad: project each gradient onto the cone of directions that hurt no task; take the mean.

    Source: Quinton & Rey 2024, "Jacobian descent for multi-objective optimization".
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.UPGrad(projector=NonNegativeProjector()))


class DualProj(Aggregator):
    """DualProj: project the mean gradient onto the cone of directions that hurt no task.

    Source: Lopez-Paz & Ranzato 2017, "Gradient episodic memory for continual learning",
    Equation 11.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(jd.DualProj(projector=NonNegativeProjector()))


class GramianSolver(jd.Weighting[Any]):
    """Find weights from G on the CPU, in double precision."""

    def forward(self, gramian: Tensor, /) -> Tensor:
        """Return weights (T,) from G (T, T)."""
        return torch.as_tensor(
            self.solve(_array(gramian)), device=gramian.device, dtype=gramian.dtype
        )

    def solve(self, inner: Vector) -> Vector:
        """Return weights (T,) from G (T, T), as arrays of numpy."""
        raise NotImplementedError


class CAGrad(Aggregator):
    """CAGrad: take the direction near the mean gradient that helps the worst task most.

    Source: Liu et al. 2021, "Conflict-averse gradient descent for multi-task learning",
    Algorithm 1, without the factor 1/(1 + c²) of the authors' code, as in torchjd.

    Args:
        tasks: The number of tasks, T.
        c: The radius of the search around the mean gradient, over its length; 0 or more.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, c: float = 0.4) -> None:
        super().__init__(jd.GramianWeightedAggregator(ConflictAverse(check_number(c, "c"))))


class ConflictAverse(GramianSolver):
    """Find the weights 1/T + (c‖g₀‖/‖Jᵀw‖)·w of CAGrad, with g₀ the mean gradient.

    There w on the simplex minimises wᵀJg₀ + c‖g₀‖‖Jᵀw‖.

    Args:
        c: The radius of the search, over the length of g₀.
    """

    # For G over its trace: with a norm of Jᵀw below this, the tasks are at a Pareto optimum, and
    # no direction helps them all.
    _LEAST_NORM = 1e-4
    _TOLERANCE = 1e-5

    def __init__(self, c: float) -> None:
        super().__init__()
        self.c = c

    def solve(self, inner: Vector) -> Vector:
        """Solve by sequential quadratic programming, and check the distance from the optimum."""
        even = _vector(np.full(len(inner), 1 / len(inner)))
        if not inner.any() or self.c == 0:
            return even
        inner = inner / np.trace(inner)
        towards = _vector(inner @ even)
        radius = self.c * self._length(inner, even)

        def objective(w: Vector) -> float:
            return float(towards @ w) + radius * self._length(inner, w)

        def slope(w: Vector) -> Vector:
            return _vector(towards + radius * (inner @ w) / self._length(inner, w))

        simplex: dict[str, Any] = {
            "bounds": [(0, None)] * len(even),
            "constraints": {"type": "eq", "fun": lambda w: w.sum() - 1},
        }
        result = minimize(objective, even, jac=slope, method="SLSQP", tol=1e-15, **simplex)
        w = _vector(np.clip(result.x, 0, None))
        w /= max(w.sum(), 1e-12)
        if self._length(inner, w) < self._LEAST_NORM:
            return _vector(np.zeros_like(even))
        # A convex objective is at most so far above its least value.
        if slope(w) @ w - slope(w).min() > self._TOLERANCE:
            raise TrialError(f"the solver did not find the least value ({result.message})")
        return _vector(even + radius / self._length(inner, w) * w)

    @staticmethod
    def _length(inner: Vector, w: Vector) -> float:
        """Return ‖Jᵀw‖."""
        return float(np.sqrt(max(float(w @ inner @ w), 0.0) + 1e-18))


class FairGrad(Aggregator):
    """FairGrad: take the weights with Gw = w^(−1/α), for α-fair progress of all tasks.

    Source: Ban & Ji 2024, "Fair resource allocation in multi-task learning", Equation 4. Theirs is
    a search for least squares, which may miss the solution; this is the exact one.

    Args:
        tasks: The number of tasks, T.
        alpha: The exponent α > 0; 1 is proportional fairness, larger ones favour the task that
            gains least.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, alpha: float = 1.0) -> None:
        super().__init__(
            jd.GramianWeightedAggregator(Fair(check_number(alpha, "alpha", exclude_low=True)))
        )


class NashMTL(Aggregator):
    """Nash-MTL: take the bargaining solution, the weights with Gw = 1/w.

    Source: Navon et al. 2022, "Multi-task learning as a bargaining game", Equation 2. Theirs comes
    from some rounds of linearised problems; this is the exact one.

    Args:
        tasks: The number of tasks, T.
        max_norm: The most length of the resulting gradient; 0 for no limit, where it is √T.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, max_norm: float = 1.0) -> None:
        super().__init__(
            jd.GramianWeightedAggregator(Fair(1.0, check_number(max_norm, "max_norm")))
        )


class Fair(GramianSolver):
    """Find the weights with Gw = w^(−1/α), by a damped Newton method.

    They are the minimum of ½wᵀGw − Σ ∫w^(−1/α), which is strictly convex.

    Args:
        alpha: The exponent α.
        max_norm: The most length of Jᵀw; 0 for no limit.
    """

    _ROUNDS = 200
    _TOLERANCE = 1e-10

    def __init__(self, alpha: float, max_norm: float = 0.0) -> None:
        super().__init__()
        self.power = 1 / alpha
        self.max_norm = max_norm

    def solve(self, inner: Vector) -> Vector:
        """Solve for w; there is no solution where a mixture of the gradients is zero."""
        # The solution where gradients are orthogonal is the start for all others.
        w = _vector(np.diag(inner) ** (-1 / (1 + self.power)))
        for _ in range(self._ROUNDS):
            slope = self._slope(inner, w)
            curvature = inner + np.diag(self.power * w ** (-self.power - 1))
            try:
                step = _vector(np.linalg.solve(curvature, slope))
            except np.linalg.LinAlgError:
                raise TrialError(_UNFAIR) from None
            if np.abs(step / w).max() < self._TOLERANCE:
                break
            w = self._downhill(inner, w, step, slope)
        else:
            raise TrialError(_UNFAIR)
        norm = float(np.sqrt(max(float(w @ inner @ w), 0.0)))
        return w * (self.max_norm / norm) if 0 < self.max_norm < norm else w

    def _downhill(self, inner: Vector, w: Vector, step: Vector, slope: Vector) -> Vector:
        """Return the first of w − step, w − step/2, ... that does not go too far.

        It stays above 0, and goes at most a little past the lowest point on its way. There the
        slope along the step changes its sign, which is compared rather than the objective:
        differences of that drown in rounding errors near the end.
        """
        fall = float(slope @ step)
        length = 1.0
        while length > 1e-12:
            tried = _vector(w - length * step)
            if tried.min() > 0 and self._slope(inner, tried) @ step >= -0.1 * fall:
                return tried
            length /= 2
        raise TrialError(_UNFAIR)

    def _slope(self, inner: Vector, w: Vector) -> Vector:
        return _vector(inner @ w - w**-self.power)


def _vector(x: Any) -> Vector:
    return np.asarray(x, dtype=np.float64)


def _array(x: Tensor) -> Vector:
    return _vector(x.detach().cpu().double().numpy())
