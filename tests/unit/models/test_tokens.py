"""Tokens moved to the front of their sentence."""

from __future__ import annotations

import torch

from mtl_search.models.tokens import compact_tokens, gather_tokens


def test_compaction_keeps_order_and_drops_common_padding() -> None:
    keep = torch.tensor([[False, True, False, True], [True, False, False, False], [False] * 4])
    order, mask = compact_tokens(keep)
    assert order[:, :2].tolist()[0] == [1, 3]
    assert order.shape == (3, 2)
    assert mask.tolist() == [[True, True], [True, False], [False, False]]


def test_compaction_of_nothing_leaves_one_step() -> None:
    order, mask = compact_tokens(torch.zeros(2, 3, dtype=torch.bool))
    assert order.shape == (2, 1)
    assert not mask.any()


def test_gathered_tokens_are_those_at_the_positions() -> None:
    x = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))
    keep = torch.tensor([[False, True, False, True], [True, True, True, False]])
    order, mask = compact_tokens(keep)
    gathered = gather_tokens(x, order)
    assert gathered.shape == (2, 3, 3)
    assert torch.equal(gathered[mask], x[keep])
