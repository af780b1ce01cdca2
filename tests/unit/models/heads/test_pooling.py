"""Pooling of vectors, tokens and maps."""

from __future__ import annotations

import pytest
import torch

from mtl_search.models.heads.pooling import POOLS, pool


def _mask() -> torch.Tensor:
    return torch.tensor(
        [[True, True, False, False], [False, True, False, True], [True, True, True, True]]
    )


@pytest.mark.parametrize("how", POOLS)
def test_vectors_stay_as_they_are(how: str) -> None:
    x = torch.randn(3, 5)
    assert pool(x, None, how) is x


def test_maps_are_averaged_over_space_unless_told_otherwise() -> None:
    x = torch.randn(3, 5, 4, 2)
    torch.testing.assert_close(pool(x, None, "auto"), x.flatten(2).mean(2))
    torch.testing.assert_close(pool(x, None, "mean"), x.flatten(2).mean(2))
    torch.testing.assert_close(pool(x, None, "max"), x.flatten(2).amax(2))


@pytest.mark.parametrize("how", POOLS)
def test_tokens_are_pooled_over_the_real_ones(how: str) -> None:
    x, mask = torch.randn(3, 4, 5), _mask()
    rows = [x[i, mask[i]] for i in range(3)]
    expected = torch.stack([row.mean(0) if how == "mean" else row.amax(0) for row in rows])
    torch.testing.assert_close(pool(x, mask, how), expected)


@pytest.mark.parametrize("how", POOLS)
def test_without_a_mask_all_tokens_are_real(how: str) -> None:
    x = torch.randn(3, 4, 5)
    torch.testing.assert_close(pool(x, None, how), pool(x, torch.ones(3, 4, dtype=torch.bool), how))


@pytest.mark.parametrize("how", POOLS)
@pytest.mark.parametrize("filler", [1e9, float("nan"), float("inf")])
def test_padding_may_hold_anything(how: str, filler: float) -> None:
    clean, mask = torch.randn(3, 4, 5), _mask()
    dirty = clean.masked_fill(~mask.unsqueeze(2), filler).requires_grad_()
    pooled = pool(dirty, mask, how)
    torch.testing.assert_close(pooled, pool(clean, mask, how))
    pooled.sum().backward()
    assert dirty.grad is not None
    assert (dirty.grad[~mask] == 0).all()


@pytest.mark.parametrize("how", POOLS)
def test_a_sentence_without_tokens_gives_zeros_and_no_gradient(how: str) -> None:
    x = torch.randn(2, 4, 5, requires_grad=True)
    mask = torch.zeros(2, 4, dtype=torch.bool)
    pooled = pool(x, mask, how)
    assert (pooled == 0).all()
    pooled.sum().backward()
    assert x.grad is not None
    assert (x.grad == 0).all()
