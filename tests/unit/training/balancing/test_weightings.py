"""Every weighting against its formula, and what all of them have in common."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.training.balancing import WEIGHTINGS, Weighting
from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from tests.support.balancing import JACOBIAN, LOSSES, weigh
from tests.support.balancing import build_named_weighting as built
from tests.support.trials import CPU

# ---------------------------------------------------------------- each against its formula


def softmax(x: Sequence[float]) -> list[float]:
    total = math.fsum(math.exp(value) for value in x)
    return [math.exp(value) / total for value in x]


def _adam(steps: Sequence[float], lr: float) -> float:
    """Where Adam goes from 0 by these gradients (Kingma & Ba 2015, Algorithm 1)."""
    m = v = place = 0.0
    for t, g in enumerate(steps, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        place -= lr * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return place


def _learned(
    weight: Callable[[float], float], slope: Callable[[float, float], float], lr: float
) -> list[list[float]]:
    """Weights of each step where every task has one parameter of its own, which starts at 0."""
    found = []
    for losses in LOSSES.T.tolist():
        slopes: list[float] = []
        weights = []
        for loss in losses:
            place = _adam(slopes, lr)
            weights.append(weight(place))
            slopes.append(slope(place, loss))
        found.append(weights)
    return [list(step) for step in zip(*found, strict=True)]


def _uncertainty() -> list[list[float]]:
    return _learned(lambda s: 0.5 * math.exp(-s), lambda s, x: -0.5 * math.exp(-s) * x + 0.5, 0.1)


def _impartial() -> list[list[float]]:
    return _learned(math.exp, lambda s, x: math.exp(s) * x - 1, 0.1)


def _famo() -> list[list[float]]:
    """Without updates: z = 1/3, c = 1/Σ z/L, weight c·z/L."""
    return [[(1 / x) / math.fsum(1 / y for y in row) for x in row] for row in LOSSES.tolist()]


def _geometric() -> list[list[float]]:
    return [[math.prod(row) ** (1 / 3) / (3 * x) for x in row] for row in LOSSES.tolist()]


def _random() -> list[list[float]]:
    found = []
    for step in range(len(LOSSES)):
        with synchronized_rng(7, step, CPU):
            found.append(softmax(torch.randn(3).tolist()))
    return found


def _tchebycheff() -> list[list[float]]:
    return [
        [share / 3 for share in softmax([x / (3 * 0.5) for x in row])] for row in LOSSES.tolist()
    ]


def _cosmos() -> list[list[float]]:
    """∂/∂L_t of mean(L) − λ·ΣL/(√3‖L‖)."""
    found = []
    for row in LOSSES.tolist():
        norm, total = math.dist(row, [0, 0, 0]), math.fsum(row)
        found.append([1 / 3 - 2.0 * (1 / norm - total * x / norm**3) / math.sqrt(3) for x in row])
    return found


def _boundary() -> list[list[float]]:
    """∂/∂L_t of d_1 + θ d_2 along (1, 1, 1)."""
    found = []
    for row in LOSSES.tolist():
        mean = math.fsum(row) / 3
        apart = math.sqrt(math.fsum((x - mean) ** 2 for x in row))
        found.append([1 / math.sqrt(3) + 5.0 * (x - mean) / apart for x in row])
    return found


def _gradnorm() -> list[list[float]]:
    """Chen et al. 2018, Algorithm 1, by numpy: weights stay near 1 and far from the floor."""
    norms = np.linalg.norm(JACOBIAN.numpy(), axis=1)
    rows = LOSSES.double().numpy()
    weights, found = np.ones(3), []
    m, v = np.zeros(3), np.zeros(3)
    for t, row in enumerate(rows, start=1):
        found.append(weights.tolist())
        own = weights * norms * row  # the gradient that `weigh` sees grows with the loss
        ratios = row / rows[0]
        wanted = own.mean() * (ratios / ratios.mean()) ** 1.5
        slope = np.sign(own - wanted) * norms * row
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        weights = weights - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        weights = weights * 3 / weights.sum()
    return found


def _autoscale() -> list[list[float]]:
    """Inverse geometric means of the lengths of all gradients up to each step; Σ = 3."""
    lengths = np.linalg.norm(JACOBIAN.numpy(), axis=1) * LOSSES.double().numpy()
    found = []
    for step in range(1, len(lengths) + 1):
        inverse = 1 / np.prod(lengths[:step], axis=0) ** (1 / step)
        found.append((3 * inverse / inverse.sum()).tolist())
    return found


REFERENCES: dict[str, tuple[dict[str, Any], Callable[[], list[list[float]]]]] = {
    "static": ({}, lambda: [[1.0] * 3] * 4),
    "mean": ({}, lambda: [[1 / 3] * 3] * 4),
    "uw": ({"lr": 0.1}, _uncertainty),
    "imtl_l": ({"lr": 0.1}, _impartial),
    "dwa": ({}, lambda: [[1.0] * 3] * 4),  # within two epochs; see below
    "famo": ({}, _famo),
    "geometric_mean": ({}, _geometric),
    "random": ({}, _random),
    "stch": ({"mu": 0.5}, _tchebycheff),
    "cosmos": ({"lambda_": 2.0}, _cosmos),
    "pbi": ({}, _boundary),
    "gradnorm": ({"lr": 0.05}, _gradnorm),
    "db_mtl": ({}, (1 / LOSSES).tolist),
    "autoscale": ({}, _autoscale),
}


# A weighting that is new in the table and has no case here ends the collection with its name.
CASES = [pytest.param(name, *REFERENCES[name], id=name) for name in WEIGHTINGS]


def test_no_reference_is_of_a_weighting_that_is_gone() -> None:
    assert REFERENCES.keys() == DEGREES.keys() == set(WEIGHTINGS)


@pytest.mark.parametrize(("name", "arguments", "reference"), CASES)
def test_weights_are_those_of_the_formula(
    name: str, arguments: dict[str, Any], reference: Callable[[], list[list[float]]]
) -> None:
    made = built(name, **arguments)
    found = [weigh(made, losses, step).tolist() for step, losses in enumerate(LOSSES)]
    np.testing.assert_allclose(found, reference(), rtol=2e-4, atol=1e-6)


def test_dwa_counts_what_fell_less_more() -> None:
    made = built("dwa", temperature=0.5)
    for epoch in (LOSSES[:2], LOSSES[2:]):
        for losses in epoch:
            weigh(made, losses)
        made.end_epoch()
    ratios = LOSSES[2:].mean(0) / LOSSES[:2].mean(0)
    expected = [3 * share for share in softmax([float(r) / 0.5 for r in ratios])]
    np.testing.assert_allclose(weigh(made, LOSSES[0]).tolist(), expected, rtol=1e-5)


def test_famo_follows_the_change_of_the_log_losses() -> None:
    """One step of Adam is lr times the sign of the gradient, (diag z − zzᵀ)δ."""
    made = built("famo", lr=0.1, weight_decay=0.0)
    weigh(made, LOSSES[0])
    made.after_optimizer_step(LOSSES[1])
    delta = (LOSSES[0] / LOSSES[1]).log()
    logits = -0.1 * torch.sign((delta - delta.mean()) / 3)
    z = torch.tensor(softmax(logits.tolist()))
    share = z / LOSSES[2]
    np.testing.assert_allclose(
        weigh(made, LOSSES[2]).tolist(), (share / share.sum()).tolist(), rtol=1e-5
    )


@pytest.mark.parametrize("name", list(WEIGHTINGS))
def test_a_loss_of_zero_leaves_weights_numbers(name: str) -> None:
    made = built(name)
    for _ in range(4):
        losses = torch.tensor([0.7, 0.0, 0.4])
        assert weigh(made, losses).isfinite().all()
        if made.needs_losses_after_step:
            made.after_optimizer_step(losses)
        made.end_epoch()


# ---------------------------------------------------------------- what all have in common

# w(cL) = c^degree · w(L) in the first step; None: no such rule.
DEGREES: dict[str, int | None] = {
    "static": 0, "mean": 0, "uw": 0, "imtl_l": 0, "dwa": 0, "famo": 0, "geometric_mean": 0,
    "random": 0, "stch": None, "cosmos": None, "pbi": 0, "gradnorm": 0, "db_mtl": -1,
    "autoscale": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", list(WEIGHTINGS))
def test_how_weights_change_with_the_scale_of_all_losses(name: str) -> None:
    degree = DEGREES[name]
    one, other = weigh(built(name), LOSSES[0]), weigh(built(name), LOSSES[0] * 50)
    if degree is None:
        assert not torch.allclose(one, other, rtol=1e-2)
    else:
        torch.testing.assert_close(other, one * 50.0**degree, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", list(WEIGHTINGS))
def test_tasks_in_another_order_have_the_same_weights(name: str) -> None:
    order = torch.tensor([2, 0, 1])
    one, other = built(name), built(name)
    pairs = []
    for step, losses in enumerate(LOSSES):
        with synchronized_rng(7, step, CPU), torch.no_grad():
            first = one.weigh(losses, JACOBIAN)
        with synchronized_rng(7, step, CPU), torch.no_grad():
            pairs.append((first[order], other.weigh(losses[order], JACOBIAN[order])))
        one.after_optimizer_step(losses * 0.9) if one.needs_losses_after_step else None
        other.after_optimizer_step(losses[order] * 0.9) if other.needs_losses_after_step else None
    same = all(torch.allclose(a, b, rtol=1e-5) for a, b in pairs)
    assert same != one.is_random


@pytest.mark.parametrize("name", list(WEIGHTINGS))
def test_what_draws_says_so(name: str) -> None:
    first, second = (weigh(built(name), LOSSES[0], step) for step in (1, 2))
    assert torch.equal(first, second) != WEIGHTINGS[name].is_random  # type: ignore[attr-defined]
    assert torch.equal(first, weigh(built(name), LOSSES[0], 1))


@pytest.mark.parametrize("name", list(WEIGHTINGS))
def test_a_weighting_taken_up_again_goes_on_as_if_nothing_had_been(name: str) -> None:
    def steps(made: Weighting, rows: Tensor) -> list[Tensor]:
        found = []
        for step, losses in enumerate(rows):
            found.append(weigh(made, losses, step))
            found.append(made.rows(found[-1].unsqueeze(1) * JACOBIAN)[0])
            if made.needs_losses_after_step:
                made.after_optimizer_step(losses * torch.tensor([0.9, 0.8, 0.99]))
            made.end_epoch()
        return found

    whole, cut = built(name), built(name)
    steps(whole, LOSSES[:3])
    steps(cut, LOSSES[:3])
    file = io.BytesIO()
    torch.save(cut.state_dict(), file)
    file.seek(0)
    fresh = built(name)
    fresh.load_state_dict(torch.load(file, weights_only=True), CPU)
    for one, other in zip(steps(whole, LOSSES), steps(fresh, LOSSES), strict=True):
        assert torch.equal(one, other)


def test_state_is_not_shared_with_the_weighting_that_goes_on() -> None:
    made = built("uw", lr=0.5)
    weigh(made, LOSSES[0])
    state = made.state_dict()
    before = {
        key: value["tensor"].clone()
        for key, value in state["scalarizer"].items()
        if isinstance(value, dict)
    }
    weigh(made, LOSSES[1])
    assert all(
        torch.equal(value, state["scalarizer"][key]["tensor"]) for key, value in before.items()
    )
