"""The aggregators that solve a problem every step. A solver that fails, fails the trial: none goes on with a guess.

torchjd solves these with quadprog (GPL), cvxpy, clarabel and ecos (GPL), which are large, and its Nash-MTL goes on with
the weights of the step before when the solver fails. The problems are convex and of size T, so scipy and a Newton
method do; each is compared with torchjd's own in the tests where its solvers are installed.

T tasks, J their gradients with respect to the shared parameters (T, P), G = JJᵀ (T, T), w weights (T,)
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
    """Projection onto the dual cone of the gradients by non-negative least squares.

    argmin vᵀGv over v ≥ u is v = u + z with z = argmin ‖Lᵀz + Lᵀu‖ over z ≥ 0, where G = LLᵀ (Cholesky); `nnls` is
    exact. As in torchjd's projector, G is divided by its trace and 10⁻⁴ is added to its diagonal, so that it is
    positive definite; unlike there, gradients below a norm of 0.01 do not count as zero.
    """

    _REGULARISED = 1e-4

    def __call__(self, U: Tensor, G: Tensor) -> Tensor:
        """Weights v for each row u of U, (..., T)."""
        inner = _array(G)
        if inner.any():
            inner = inner / np.trace(inner)
        upper = np.linalg.cholesky(inner + self._REGULARISED * np.eye(len(inner))).T
        projected = np.apply_along_axis(lambda u: u + nnls(upper, -upper @ u)[0], -1, _array(U))
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


class GramianSolver(jd.Weighting[Any]):
    """Base of weightings of G that are found on the CPU in double precision."""

    def forward(self, gramian: Tensor, /) -> Tensor:
        """Weights (T,) from G (T, T)."""
        return torch.as_tensor(
            self.solve(_array(gramian)), device=gramian.device, dtype=gramian.dtype
        )

    def solve(self, inner: Vector) -> Vector:
        """Weights (T,) from G (T, T), on the CPU."""
        raise NotImplementedError


class CAGrad(Aggregator):
    """CAGrad: near the mean gradient, the direction that helps the worst task most.

    Source: Liu et al. 2021, "Conflict-averse gradient descent for multi-task learning", Algorithm 1, without the
    factor 1/(1 + c²) of the authors' code, as in torchjd.

    Args:
        tasks: T.
        c: Radius of the search around the mean gradient, over its length; 0 or more.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, c: float = 0.4) -> None:
        super().__init__(jd.GramianWeightedAggregator(ConflictAverse(check_number(c, "c"))))


class ConflictAverse(GramianSolver):
    """1/T + (c‖g₀‖/‖Jᵀw‖)·w, where w on the simplex minimises wᵀJg₀ + c‖g₀‖‖Jᵀw‖, with g₀ the mean gradient.

    Args:
        c: Radius.
    """

    # Of G over its trace: below this norm of Jᵀw the tasks stand at a Pareto optimum, and nothing moves.
    _LEAST_NORM, _TOLERANCE = 1e-4, 1e-5

    def __init__(self, c: float) -> None:
        super().__init__()
        self.c = c

    def solve(self, inner: Vector) -> Vector:
        """By sequential quadratic programming; what it finds is accepted by its distance from the optimum."""
        even = _vector(np.full(len(inner), 1 / len(inner)))
        if not inner.any() or self.c == 0:
            return even
        inner = inner / np.trace(inner)
        towards = _vector(inner @ even)
        radius = self.c * self._length(inner, even)

        def slope(w: Vector) -> Vector:
            return _vector(towards + radius * (inner @ w) / self._length(inner, w))

        found = minimize(
            lambda w: float(towards @ w) + radius * self._length(inner, w), even, jac=slope, method="SLSQP",
            bounds=[(0, None)] * len(even), constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, tol=1e-15,
        )  # fmt: skip
        w = _vector(np.clip(found.x, 0, None))
        w /= max(w.sum(), 1e-12)
        if self._length(inner, w) < self._LEAST_NORM:
            return _vector(np.zeros_like(even))
        if (
            slope(w) @ w - slope(w).min() > self._TOLERANCE
        ):  # the objective is at most so far above its least value
            raise TrialError(f"the solver did not find the least value ({found.message})")
        return _vector(even + radius / self._length(inner, w) * w)

    @staticmethod
    def _length(inner: Vector, w: Vector) -> float:
        """‖Jᵀw‖."""
        return float(np.sqrt(max(float(w @ inner @ w), 0.0) + 1e-18))


class FairGrad(Aggregator):
    """FairGrad: weights with Gw = w^(−1/α): α-fair progress of all tasks.

    Source: Ban & Ji 2024, "Fair resource allocation in multi-task learning", Equation 4. Theirs is a search for least
    squares, which may end beside the solution; this is the exact one.

    Args:
        tasks: T.
        alpha: α > 0; 1 is proportional fairness, larger ones favour the task that gains least.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, alpha: float = 1.0) -> None:
        super().__init__(
            jd.GramianWeightedAggregator(Fair(check_number(alpha, "alpha", exclude_low=True)))
        )


class NashMTL(Aggregator):
    """Nash-MTL: the bargaining solution, weights with Gw = 1/w.

    Source: Navon et al. 2022, "Multi-task learning as a bargaining game", Equation 2. Theirs comes from some rounds of
    linearised problems; this is the exact one.

    Args:
        tasks: T.
        max_norm: Longest gradient that comes out; 0 for no limit, where it has the length √T.
    """

    leaves_out = True

    def __init__(self, tasks: int, *, max_norm: float = 1.0) -> None:
        super().__init__(
            jd.GramianWeightedAggregator(Fair(1.0, check_number(max_norm, "max_norm")))
        )


class Fair(GramianSolver):
    """Gw = w^(−1/α) is where ½wᵀGw − Σ ∫w^(−1/α) is least, which is strictly convex: a damped Newton method finds it.

    Args:
        alpha: α.
        max_norm: Longest Jᵀw; 0 for no limit.
    """

    _ROUNDS, _TOLERANCE = 200, 1e-10

    def __init__(self, alpha: float, max_norm: float = 0.0) -> None:
        super().__init__()
        self.power, self.max_norm = 1 / alpha, max_norm

    def solve(self, inner: Vector) -> Vector:
        """There is no solution where a mixture of the gradients is zero: then no step is fair."""
        w = _vector(
            np.diag(inner) ** (-1 / (1 + self.power))
        )  # right where gradients are orthogonal
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
        """The longest of w − step, w − step/2, ... that stays above 0 and goes at most a little past the lowest point.

        Past that point the slope along the step turns round. It is looked at rather than the height, whose differences
        drown in rounding errors near the end.
        """
        fall, length = float(slope @ step), 1.0
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
