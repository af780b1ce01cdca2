"""Ranks draw the same numbers in it, whatever each has drawn before."""

from __future__ import annotations

import pytest
import torch

from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from tests.support.trials import CPU


def _draw(seed: int, step: int) -> float:
    with synchronized_rng(seed, step, CPU):
        return torch.rand(()).item()


def test_trial_and_step_alone_decide() -> None:
    first = _draw(3, 1)
    torch.rand(17)
    assert _draw(3, 1) == first
    assert len({_draw(seed, step) for seed in range(4) for step in range(8)}) == 32


def test_afterwards_generators_go_on_as_before() -> None:
    torch.manual_seed(0)
    expected = torch.rand(2)[1]
    torch.manual_seed(0)
    torch.rand(1)
    _draw(3, 1)
    assert torch.rand(1) == expected


def test_also_after_an_error() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="wrong"), synchronized_rng(3, 1, CPU):
        raise ValueError("wrong")
    assert torch.equal(before, torch.get_rng_state())
