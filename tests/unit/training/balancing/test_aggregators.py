"""Every aggregator against its formula or a brute force, and what all of them have in common."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.training.balancing import AGGREGATORS, Aggregator
from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from tests.support.balancing import THREE, TWO, aggregated, halves, random_jacobian
from tests.support.balancing import build_named_aggregator as built
from tests.support.trials import CPU

Matrix = Any  # (T, P) in double precision; rows of an array have no type of their own


# ---------------------------------------------------------------- each against its formula


def _surgery(J: Matrix) -> Matrix:
    """PCGrad of two tasks, where the order does not matter."""
    g, h = J
    dot = g @ h
    return g + h - min(dot, 0) * h / (h @ h) - min(dot, 0) * g / (g @ g)


def _shortest(J: Matrix) -> Matrix:
    """The point of a segment that is nearest to 0."""
    g, h = J
    t = np.clip((h @ (h - g)) / ((g - h) @ (g - h)), 0, 1)
    return t * g + (1 - t) * h


def _impartial(J: Matrix) -> Matrix:
    """Weights that add up to 1, with equal projections on both unit gradients."""
    g, h = J
    u = g / np.linalg.norm(g) - h / np.linalg.norm(h)
    a = (h @ u) / ((h - g) @ u)
    return a * g + (1 - a) * h


def _aligned(J: Matrix) -> Matrix:
    """Mean of the rows of the polar factor of J times its least singular value."""
    left, singular, right = np.linalg.svd(J, full_matrices=False)
    return np.full(len(J), 1 / len(J)) @ (left @ right) * singular.min()


def _conflict_free(J: Matrix) -> Matrix:
    """The unit vector of equal cosines, as long as the projections on it add up to."""
    units = J / np.linalg.norm(J, axis=1, keepdims=True)
    direction = np.linalg.solve(units @ units.T, np.ones(len(J))) @ units
    direction /= np.linalg.norm(direction)
    return (J @ direction).sum() * direction


def _onto_cone(vector: Matrix, J: Matrix) -> Matrix:
    """The nearest vector with v·g ≥ 0 for all g: the best projection onto a face of the cone."""
    best = np.zeros_like(vector)
    for size in range(len(J) + 1):
        for face in itertools.combinations(range(len(J)), size):
            basis = J[list(face)]
            tried = vector - (np.linalg.pinv(basis) @ (basis @ vector) if size else 0)
            better = np.linalg.norm(tried - vector) < np.linalg.norm(best - vector)
            if (J @ tried > -1e-9).all() and better:
                best = tried
    return best


def _conflict_averse(J: Matrix) -> Matrix:
    """CAGrad of two tasks by a fine grid over the simplex."""
    mean = J.mean(0)
    radius = 0.4 * np.linalg.norm(mean)
    grid = np.linspace(0, 1, 200_001)
    mixed = grid[:, None] * J[0] + (1 - grid)[:, None] * J[1]
    best = mixed[np.argmin(mixed @ mean + radius * np.linalg.norm(mixed, axis=1))]
    return mean + radius * best / np.linalg.norm(best)


def _fair_of_two(J: Matrix) -> Matrix:
    """w_i (Gw)_i = 1: with r = w_1/w_2, r² = G_22/G_11, and w_2 from either equation."""
    G = J @ J.T
    ratio = math.sqrt(G[1, 1] / G[0, 0])
    second = 1 / math.sqrt(ratio * G[0, 1] + G[1, 1])
    return np.array([ratio * second, second]) @ J


def _excess(J: Matrix) -> Matrix:
    """First step: softmax of η·Σ g²/√(g² + 10⁻⁷)."""
    risk = (J**2 / np.sqrt(J**2 + 1e-7)).sum(1)
    weights = np.exp(risk - risk.max())
    return weights / weights.sum() @ J


def _priority(J: Matrix) -> Matrix:
    """The first unit gradient, bent until the second makes the share τ of its own progress.

    It is as long as the first.

    Norms are those of the first step, so the moving average is exact.
    """
    g, h = (row / np.linalg.norm(row) for row in J)
    short = max(0.0, 0.3 - h @ g)
    bent = g + short * h
    return bent / np.linalg.norm(bent) * np.linalg.norm(J[0])


def _onto_simplex(y: Matrix) -> Matrix:
    """By bisection of the shift."""
    low, high = y.min() - 1, y.max()
    for _ in range(200):
        shift = (low + high) / 2
        low, high = (shift, high) if np.clip(y - shift, 0, None).sum() > 1 else (low, shift)
    return np.clip(y - low, 0, None)


def _modo(J: Matrix) -> Matrix:
    one, other = (half.double().numpy() for half in halves(torch.from_numpy(J).float()))
    even = np.full(len(J), 1 / len(J))
    return _onto_simplex(even - 0.2 * (one @ other.T @ even + 0.1 * even)) @ J


def _sdmgrad(J: Matrix) -> Matrix:
    one, other = (half.double().numpy() for half in halves(torch.from_numpy(J).float()))
    A, even = one @ other.T, np.full(len(J), 1 / len(J))
    A = A / np.sqrt(np.clip(np.diag(A), 0, None)).mean() ** 2
    w, velocity = even, np.zeros(len(J))
    for _ in range(3):
        velocity = 0.5 * velocity + A @ (w + 0.3 * even)
        w = _onto_simplex(w - 0.1 * velocity)
    return (w + 0.3 * even) / 1.3 @ J


def _krum(J: Matrix) -> Matrix:
    """The row whose nearest T − 2 other rows are nearest."""
    distances = np.linalg.norm(J[:, None] - J[None], axis=2)
    scores = np.sort(distances, axis=1)[:, 1 : len(J) - 1].sum(1)
    return J[np.argmin(scores)]


def _with_draws(draw: Callable[[Matrix], Matrix]) -> Callable[[Matrix], Matrix]:
    def reference(J: Matrix) -> Matrix:
        with synchronized_rng(7, 1, CPU):
            return draw(J)

    return reference


def _random(J: Matrix) -> Matrix:
    return torch.randn(len(J)).softmax(0).double().numpy() @ J


def _sign_dropout(J: Matrix) -> Matrix:
    purity = 0.5 * (1 + J.sum(0) / np.abs(J).sum(0))
    drawn = torch.rand(J.shape[1]).double().numpy()
    kept = np.where(purity > drawn, J > 0, J < 0)
    return ((0.2 + 0.8 * kept) * J).sum(0)


REFERENCES: dict[str, tuple[dict[str, Any], Tensor, Callable[[Matrix], Matrix]]] = {
    "sum": ({}, THREE, lambda J: J.sum(0)),
    "mean": ({}, THREE, lambda J: J.mean(0)),
    "random": ({}, THREE, _with_draws(_random)),
    "pcgrad": ({}, TWO, _surgery),
    "gradvac": (
        {},
        TWO,
        _surgery,
    ),  # in the first step, where the moving average of the cosine is 0
    "graddrop": ({"leak": 0.2}, random_jacobian(3), _with_draws(_sign_dropout)),
    "mgda": ({}, TWO, _shortest),
    "imtl_g": ({}, TWO, _impartial),
    "aligned_mtl": ({}, THREE, _aligned),
    "config": ({}, THREE, _conflict_free),
    "upgrad": ({}, THREE, lambda J: np.mean([_onto_cone(row, J) for row in J], 0)),
    "dualproj": (
        {},
        torch.cat([TWO * 4, -TWO[:1] * 6]) + THREE,
        lambda J: _onto_cone(J.mean(0), J),
    ),
    "cagrad": ({"c": 0.4}, TWO, _conflict_averse),
    "fairgrad": ({"alpha": 1.0}, TWO, _fair_of_two),
    "nash_mtl": ({"max_norm": 0.0}, TWO, _fair_of_two),
    "excess_mtl": ({}, THREE, _excess),
    "sdmgrad": ({"lr": 0.1, "n_iter": 3}, THREE, _sdmgrad),
    "modo": ({"gamma": 0.2}, THREE, _modo),
    "pcd": ({"tau": 0.3}, TWO, _priority),
    "krum": ({}, random_jacobian(5), _krum),
    "trimmed_mean": ({}, random_jacobian(6, 5), lambda J: np.sort(J, 0)[1:-1].mean(0)),
}


# An aggregator that is new in the table and has no case here ends the collection with its name.
CASES = [pytest.param(name, *REFERENCES[name], id=name) for name in AGGREGATORS]


def test_no_reference_is_of_an_aggregator_that_is_gone() -> None:
    assert REFERENCES.keys() == set(AGGREGATORS)


@pytest.mark.parametrize(("name", "arguments", "jacobian", "reference"), CASES)
def test_the_gradient_is_that_of_the_formula(
    name: str, arguments: dict[str, Any], jacobian: Tensor, reference: Callable[[Matrix], Matrix]
) -> None:
    made = built(name, len(jacobian), **arguments)
    vector, weights = aggregated(made, jacobian)
    # The cone's projections are of a matrix with 10⁻⁴ on its diagonal, the moving average of PCD
    # has 10⁻⁸ added.
    np.testing.assert_allclose(vector, reference(jacobian.double().numpy()), rtol=2e-3, atol=2e-3)
    if weights is not None:
        torch.testing.assert_close(weights @ jacobian, vector)


# ---------------------------------------------------------------- what all have in common

# A(cJ) = c^degree · A(J) in the first step; None: no such rule.
DEGREES: dict[str, float | None] = dict.fromkeys(AGGREGATORS, 1.0)
DEGREES |= {"excess_mtl": None, "modo": None, "fairgrad": 0.0, "nash_mtl": 0.0}


@pytest.mark.parametrize("scale", [1e-2, 300.0])
@pytest.mark.parametrize("name", list(AGGREGATORS))
def test_how_the_gradient_changes_with_the_scale_of_all(name: str, scale: float) -> None:
    degree, jacobian = DEGREES[name], random_jacobian(1)
    one, other = (aggregated(built(name), jacobian * c)[0] for c in (1.0, scale))
    if degree is None:
        assert not torch.allclose(one * scale, other, rtol=1e-2)
    else:
        torch.testing.assert_close(
            other, one * scale**degree, rtol=1e-3, atol=1e-4 * float(other.abs().max())
        )


@pytest.mark.parametrize("name", list(AGGREGATORS))
def test_tasks_in_another_order_have_the_same_gradient(name: str) -> None:
    jacobian, order = random_jacobian(2, 5), torch.tensor([2, 0, 4, 1, 3])
    one, other = built(name, 5), built(name, 5)
    with synchronized_rng(7, 1, CPU):
        first, _ = one.aggregate(jacobian, halves(jacobian))
    with synchronized_rng(7, 1, CPU):
        one_half, other_half = halves(jacobian)
        second, _ = other.aggregate(jacobian[order], (one_half[order], other_half[order]))
    if one.symmetric and not one.is_random:
        torch.testing.assert_close(first, second, rtol=1e-3, atol=1e-4)
    if not one.symmetric:
        assert not torch.allclose(first, second, rtol=1e-2)


@pytest.mark.parametrize("name", list(AGGREGATORS))
def test_what_draws_says_so(name: str) -> None:
    jacobian = random_jacobian(4)
    against = -jacobian[:1] - jacobian[1:2] + 0.5 * jacobian[2:]
    jacobian = torch.cat([jacobian[:2], against])  # in conflict, so that order matters
    vectors = [aggregated(built(name), jacobian, step)[0] for step in range(6)]
    assert all(torch.equal(vectors[0], other) for other in vectors[1:]) != built(name).is_random
    assert torch.equal(vectors[0], aggregated(built(name), jacobian, 0)[0])


@pytest.mark.parametrize("name", list(AGGREGATORS))
def test_a_task_without_a_gradient_is_left_out_or_changes_nothing_but_the_scale(name: str) -> None:
    """What a task without a label in the step looks like: a row of zeros."""
    made, jacobian = built(name), torch.cat([random_jacobian(8, 2), torch.zeros(1, 6)])
    if made.leaves_out:
        return  # the step drops the row: see the tests of the step
    vector, _ = aggregated(made, jacobian)
    assert vector.isfinite().all()
    if name not in (
        "excess_mtl",
        "krum",
        "trimmed_mean",
        "modo",
        "sdmgrad",
    ):  # these weigh it as a gradient, on purpose
        assert vector.norm() > 0.05 * jacobian.norm()


@pytest.mark.parametrize("name", list(AGGREGATORS))
def test_an_aggregator_taken_up_again_goes_on_as_if_nothing_had_been(name: str) -> None:
    def steps(made: Aggregator, seeds: range) -> list[Tensor]:
        return [aggregated(made, random_jacobian(seed), seed)[0] for seed in seeds]

    whole, cut = built(name), built(name)
    steps(whole, range(4))
    steps(cut, range(4))
    file = io.BytesIO()
    torch.save(cut.state_dict(), file)
    file.seek(0)
    fresh = built(name)
    fresh.load_state_dict(torch.load(file, weights_only=True), CPU)
    for one, other in zip(steps(whole, range(4, 8)), steps(fresh, range(4, 8)), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["gradvac", "excess_mtl", "pcd", "sdmgrad", "modo"])
def test_state_matters_where_there_is_one(name: str) -> None:
    """Or the test above would pass without any state in the file."""
    by_name: dict[str, dict[str, Any]] = {"sdmgrad": {"lr": 0.05}, "pcd": {"tau": 0.9}}
    arguments = by_name.get(name, {})
    used = built(name, **arguments)
    for seed in range(4):
        aggregated(used, random_jacobian(seed), seed)
    jacobian = torch.cat([THREE, THREE], 1)
    assert not torch.equal(
        aggregated(used, jacobian)[0], aggregated(built(name, **arguments), jacobian)[0]
    )
