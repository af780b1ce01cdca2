"""One seed decides all that a network or a data set may draw."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from mtl_search.training.seeds import RandomState, seed_everything


def _draw() -> tuple[float, float, float]:
    return torch.rand(()).item(), random.random(), np.random.random()  # noqa: NPY002


def test_the_same_seed_draws_the_same_numbers_and_another_seed_others() -> None:
    seed_everything(3)
    first = _draw()
    seed_everything(3)
    assert _draw() == first
    seed_everything(4)
    assert all(other != number for other, number in zip(_draw(), first, strict=True))


def test_a_seed_may_be_larger_than_numpy_takes() -> None:
    seed_everything(2**40 + 3)
    first = _draw()
    seed_everything(2**40 + 3)
    assert _draw() == first


def test_a_state_is_that_of_every_generator() -> None:
    state = RandomState.capture(torch.device("cpu"))
    first = _draw()
    assert _draw() != first
    state.restore()
    assert _draw() == first


@pytest.mark.parametrize(
    "draw",
    [partial(torch.rand, ()), random.random, np.random.random],
)
def test_a_state_knows_whether_anything_was_drawn_since(draw: Callable[[], object]) -> None:
    state = RandomState.capture(torch.device("cpu"))
    assert state.is_current()
    draw()
    assert not state.is_current()
    state.restore()
    assert state.is_current()
