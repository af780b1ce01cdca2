"""Contrastive loss: its best constant, and pairs beyond the margin."""

from __future__ import annotations

import pytest
import torch

from mtl_search.models.losses.contrastive import Contrastive


def test_contrastive_best_constant_against_a_grid() -> None:
    loss = Contrastive(margin=1.5)
    share = torch.tensor(0.3)
    grid = torch.linspace(0, 2, 4001)
    one, zero = torch.ones(4001), torch.zeros(4001)
    costs = share * loss(grid, one) + (1 - share) * loss(grid, zero)
    assert float(loss.best_constant(share.logit(), one)) == pytest.approx(
        float(grid[costs.argmin()]), abs=1e-3
    )


def test_different_pairs_beyond_the_margin_cost_nothing_and_pull_nothing() -> None:
    distance = torch.tensor([2.5, 0.5], requires_grad=True)
    loss = Contrastive(margin=2.0)(distance, torch.tensor([0, 0]), "sum")
    loss.backward()
    assert distance.grad is not None
    assert distance.grad.tolist() == [0.0, -1.5]
