"""Losses of real targets: their best constants."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mtl_search.models.losses.regression import Huber, MeanSquaredError, least_constant
from tests.support.model_cases import ELEMENTWISE_CASES, build_loss


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "smooth_l1", "pinball"])
@pytest.mark.parametrize("seed", range(3))
def test_best_constant_of_a_regression_loss_beats_all_others(name: str, seed: int) -> None:
    loss = build_loss(name, **ELEMENTWISE_CASES[name][0])
    labels = torch.tensor(np.random.default_rng(seed).gamma(0.7, size=61).astype("float32"))
    best = float(loss(loss.best_constant(labels.mean(), labels).expand(61), labels, "mean"))
    grid = torch.linspace(float(labels.min()), float(labels.max()), 2001)
    brute = min(float(loss(c.expand(61), labels, "mean")) for c in grid)
    assert best <= brute + 1e-6
    assert best == pytest.approx(brute, rel=1e-3)


def test_golden_section_finds_the_mean_of_squares() -> None:
    labels = torch.tensor([1.0, 2.0, 9.0])
    assert float(least_constant(MeanSquaredError(), labels)) == pytest.approx(4.0, abs=1e-2)


def test_golden_section_of_equal_labels_is_that_label() -> None:
    assert float(least_constant(Huber(), torch.full((5,), 3.0))) == 3.0
