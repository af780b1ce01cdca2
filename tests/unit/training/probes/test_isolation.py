"""Generators and buffers are as before, also after an error."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from mtl_search.training.probes.isolation import isolated


def test_generators_and_buffers_are_put_back() -> None:
    norm = nn.BatchNorm1d(3)
    before = {name: buffer.clone() for name, buffer in norm.named_buffers()}
    states = (torch.get_rng_state(), random.getstate())

    def draw_and_fail() -> None:
        with isolated(norm, torch.device("cpu")):
            norm(torch.randn(8, 3))
            random.random()
            np.random.rand()  # noqa: NPY002
            assert norm.num_batches_tracked == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw_and_fail()
    assert all(torch.equal(before[name], buffer) for name, buffer in norm.named_buffers())
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1] == random.getstate()
