"""Losses against formulas written out by hand, label by label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.errors import ConfigError
from mtl_search.models.losses import LOSSES, ElementwiseLoss, as_elementwise
from mtl_search.models.losses.regression import least_constant
from tests.support.model_cases import LOSS_CASES

ELEMENTWISE = {name: case for name, case in LOSS_CASES.items() if case is not None}


def built(name: str, **arguments: Any) -> ElementwiseLoss:
    loss = LOSSES[name](**arguments)
    assert isinstance(loss, ElementwiseLoss)
    return loss


def _inputs(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    if name == "cross_entropy":
        return torch.randn(40, 3, generator=generator), torch.randint(
            0, 3, (40,), generator=generator
        )
    output = torch.randn(40, generator=generator) * 2
    if name in ("binary_cross_entropy", "contrastive", "cosine"):
        output = {"contrastive": output.abs(), "cosine": output.tanh()}.get(name, output)
        return output, torch.randint(0, 2, (40,), generator=generator)
    return output, torch.randn(40, generator=generator)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_each_label_has_the_loss_of_the_formula(name: str) -> None:
    arguments, formula = ELEMENTWISE[name]
    output, target = _inputs(name)
    expected = [formula(z, y) for z, y in zip(output.double().numpy(), target.numpy(), strict=True)]
    np.testing.assert_allclose(
        built(name, **arguments)(output, target).numpy(), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_reductions_agree_with_the_loss_of_each_label(name: str) -> None:
    loss = built(name, **ELEMENTWISE[name][0])
    output, target = _inputs(name)
    each = loss(output, target)
    assert each.shape == target.shape
    torch.testing.assert_close(loss(output, target, "sum"), each.sum())
    torch.testing.assert_close(loss(output, target, "mean"), each.mean())


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_half_precision_outputs_are_scored_in_float32(name: str) -> None:
    loss = built(name, **ELEMENTWISE[name][0])
    output, target = _inputs(name)
    rounded = output.bfloat16()
    assert loss(rounded, target).dtype == torch.float32
    torch.testing.assert_close(loss(rounded, target, "mean"), loss(rounded.float(), target, "mean"))


def test_cross_entropy_with_class_weights_averages_over_labels_not_over_weights() -> None:
    output, target = _inputs("cross_entropy")
    one = built("cross_entropy", class_weights=[2.0, 2.0, 2.0])
    torch.testing.assert_close(
        one(output, target, "mean"), 2 * built("cross_entropy")(output, target, "mean")
    )


def test_class_weights_follow_the_module_but_stay_out_of_checkpoints() -> None:
    loss = built("cross_entropy", class_weights=[1.0, 2.0, 3.0])
    assert [name for name, _ in loss.named_buffers()] == ["weight"]
    assert not loss.state_dict()


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "smooth_l1"])
@pytest.mark.parametrize("seed", range(3))
def test_best_constant_of_a_regression_loss_beats_all_others(name: str, seed: int) -> None:
    loss = built(name, **ELEMENTWISE[name][0])
    labels = torch.tensor(np.random.default_rng(seed).gamma(0.7, size=61).astype("float32"))
    best = float(loss(loss.best_constant(labels.mean(), labels).expand(61), labels, "mean"))
    grid = torch.linspace(float(labels.min()), float(labels.max()), 2001)
    brute = min(float(loss(c.expand(61), labels, "mean")) for c in grid)
    assert best <= brute + 1e-6
    assert best == pytest.approx(brute, rel=1e-3)


def test_golden_section_finds_the_mean_of_squares() -> None:
    labels = torch.tensor([1.0, 2.0, 9.0])
    assert float(least_constant(built("mse"), labels)) == pytest.approx(4.0, abs=1e-2)


def test_golden_section_of_equal_labels_is_that_label() -> None:
    assert float(least_constant(built("huber"), torch.full((5,), 3.0))) == 3.0


def test_contrastive_best_constant_against_a_grid() -> None:
    loss = built("contrastive", margin=1.5)
    share = torch.tensor(0.3)
    grid = torch.linspace(0, 2, 4001)
    one, zero = torch.ones(4001), torch.zeros(4001)
    costs = share * loss(grid, one) + (1 - share) * loss(grid, zero)
    assert float(loss.best_constant(share.logit(), one)) == pytest.approx(
        float(grid[costs.argmin()]), abs=1e-3
    )


def test_cosine_is_torchs_cosine_embedding_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    one, two = torch.randn(9, 4, generator=generator), torch.randn(9, 4, generator=generator)
    same = torch.randint(0, 2, (9,), generator=generator)
    ours = built("cosine", margin=0.3)(torch.cosine_similarity(one, two), same)
    theirs = torch.nn.functional.cosine_embedding_loss(
        one, two, 2 * same - 1, margin=0.3, reduction="none"
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_cosine_best_constant_against_a_grid(share: float) -> None:
    loss = built("cosine", margin=0.25)
    grid = torch.linspace(-1, 1, 4001)
    one, zero = torch.ones(4001), torch.zeros(4001)
    costs = share * loss(grid, one) + (1 - share) * loss(grid, zero)
    best = loss.best_constant(torch.tensor(share).logit(), one)
    assert float(best) == pytest.approx(float(grid[costs.argmin()]), abs=1e-3)


def test_different_pairs_beyond_the_margin_cost_nothing_and_pull_nothing() -> None:
    distance = torch.tensor([2.5, 0.5], requires_grad=True)
    loss = built("contrastive", margin=2.0)(distance, torch.tensor([0, 0]), "sum")
    loss.backward()
    assert distance.grad is not None
    assert distance.grad.tolist() == [0.0, -1.5]


def test_the_crf_likelihood_has_no_loss_of_a_token() -> None:
    with pytest.raises(NotImplementedError, match="head"):
        built("crf")(torch.zeros(2), torch.zeros(2))


def test_a_users_function_becomes_a_loss() -> None:
    loss = as_elementwise(lambda output, target: (output - target).abs() ** 3)
    output, target = torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0])
    assert loss(output, target).tolist() == [1.0, 8.0]
    assert float(loss(output, target, "sum")) == 9.0
    assert float(loss(output, target, "mean")) == 4.5
    assert as_elementwise(loss) is loss


@pytest.mark.parametrize("thing", [3, "mse", lambda output: output])
def test_what_is_no_loss_is_refused(thing: object) -> None:
    with pytest.raises(ConfigError, match="a function of"):
        as_elementwise(thing, "tasks.x.loss")


BAD: list[tuple[str, Mapping[str, Any], str]] = [
    ("cross_entropy", {"label_smoothing": 1.0}, "label_smoothing"),
    ("cross_entropy", {"label_smoothing": "much"}, "label_smoothing"),
    ("cross_entropy", {"class_weights": "balanced"}, "class_weights"),
    ("cross_entropy", {"class_weights": [1.0, -1.0]}, "class_weights"),
    ("binary_cross_entropy", {"pos_weight": 0}, "pos_weight"),
    ("binary_cross_entropy", {"pos_weight": [1.0, "x"]}, "pos_weight"),
    ("huber", {"delta": 0}, "delta"),
    ("huber", {"delta": float("nan")}, "delta"),
    ("huber", {"delta": float("inf")}, "delta"),
    ("smooth_l1", {"beta": -0.1}, "beta"),
    ("contrastive", {"margin": True}, "margin"),
    ("cosine", {"margin": 1.0}, "margin"),
]


@pytest.mark.parametrize(("name", "arguments", "path"), BAD)
def test_an_argument_out_of_range_is_named(
    name: str, arguments: Mapping[str, Any], path: str
) -> None:
    with pytest.raises(ConfigError, match="is needed") as caught:
        built(name, **arguments)
    assert caught.value.path == path
