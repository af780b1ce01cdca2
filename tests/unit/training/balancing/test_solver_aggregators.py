"""The solvers against their equations, against torchjd's, and where there is no solution."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from mtl_search.errors import TrialError
from mtl_search.training.balancing import solver_aggregators
from tests.support.balancing import THREE, aggregated, random_jacobian
from tests.support.balancing import build_named_aggregator as built


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("tasks", [2, 4, 7])
def test_fair_weights_solve_their_equation(alpha: float, tasks: int) -> None:
    for seed in range(20):
        jacobian = random_jacobian(seed, tasks, 9).double() * 10.0 ** (seed % 5 - 2)
        _, weights = built("fairgrad", tasks, alpha=alpha).aggregate(jacobian)
        assert weights is not None
        assert weights.min() > 0
        residual = (jacobian @ jacobian.T @ weights) * weights ** (1 / alpha)
        torch.testing.assert_close(residual, torch.ones_like(residual), rtol=1e-7, atol=1e-7)


def test_nash_mtl_keeps_to_its_longest_gradient() -> None:
    for limit, length in ((0.0, math.sqrt(3)), (0.7, 0.7), (5.0, math.sqrt(3))):
        vector, _ = aggregated(built("nash_mtl", max_norm=limit), THREE)
        assert vector.norm().item() == pytest.approx(length, rel=1e-5)


def test_the_cone_of_upgrad_hurts_no_task() -> None:
    for seed in range(30):
        jacobian = random_jacobian(seed, 4, 5)
        for name in ("upgrad", "dualproj"):
            vector, _ = aggregated(built(name, 4), jacobian)
            assert (jacobian @ vector).min() > -2e-3 * jacobian.square().sum()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("upgrad", [-0.170568, -0.723892, 0.486991, 0.443565]),
        ("dualproj", [0.009340, -0.358669, 0.249329, 0.188535]),
        ("cagrad", [0.057971, -0.374879, 0.216908, 0.198261]),
    ],
)
def test_own_solvers_find_what_those_of_torchjd_find(name: str, expected: list[float]) -> None:
    """Values of torchjd 0.18 with quadprog 0.1.14 and clarabel 0.11.1."""
    jacobian = torch.tensor([[2.0, -1.0, 0.5, 0.0], [-1.5, 0.5, 1.0, -0.3], [0.2, -0.8, -1.2, 1.0]])
    np.testing.assert_allclose(aggregated(built(name), jacobian)[0], expected, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["fairgrad", "nash_mtl"])
def test_a_problem_without_a_solution_is_an_error(name: str) -> None:
    opposite = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
    with pytest.raises(TrialError, match="no fair weights"):
        aggregated(built(name, 2), opposite)


def test_a_solver_that_stops_too_early_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made = built("cagrad")
    monkeypatch.setattr(
        solver_aggregators, "minimize", lambda *a, **k: minimize(*a, **k, options={"maxiter": 1})
    )
    with pytest.raises(TrialError, match="did not find the least value"):
        aggregated(made, random_jacobian(0) * torch.tensor([[1.0], [30.0], [0.1]]))
