"""Cosine embedding loss: against torch, and its best constant."""

from __future__ import annotations

import pytest
import torch

from mtl_search.models.losses.cosine import CosineEmbedding


def test_cosine_is_torchs_cosine_embedding_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    one, two = torch.randn(9, 4, generator=generator), torch.randn(9, 4, generator=generator)
    same = torch.randint(0, 2, (9,), generator=generator)
    ours = CosineEmbedding(margin=0.3)(torch.cosine_similarity(one, two), same)
    theirs = torch.nn.functional.cosine_embedding_loss(
        one, two, 2 * same - 1, margin=0.3, reduction="none"
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_cosine_best_constant_against_a_grid(share: float) -> None:
    loss = CosineEmbedding(margin=0.25)
    grid = torch.linspace(-1, 1, 4001)
    one, zero = torch.ones(4001), torch.zeros(4001)
    costs = share * loss(grid, one) + (1 - share) * loss(grid, zero)
    best = loss.best_constant(torch.tensor(share).logit(), one)
    assert float(best) == pytest.approx(float(grid[costs.argmin()]), abs=1e-3)
