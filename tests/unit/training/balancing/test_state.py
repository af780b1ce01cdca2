"""The state of a module survives a file, whatever kind of attribute holds it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_search.training.balancing.state import get_state, set_state
from tests.support.trials import CPU


class _Module(nn.Module):
    """One attribute of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("mean", None)
        self.history: list[Tensor] = []
        self.array: NDArray[np.float64] = np.zeros(2)
        self.steps = 0
        self.dtype = torch.float32
        self.where = torch.device("cpu")
        self.solver = lambda: None
        self.inner = nn.Linear(1, 1)

    def learn(self) -> None:
        self.weight.data.fill_(1.0)
        self.mean = torch.ones(3)
        self.history.append(torch.tensor([2.0]))
        self.array = np.full(2, 3.0)
        self.steps += 4
        self.dtype = torch.float64
        nn.init.constant_(self.inner.weight, 5.0)


def _through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
    return loaded


def _loaded(module: _Module) -> _Module:
    fresh = _Module()
    set_state(fresh, _through_a_file(get_state(module)), CPU)
    return fresh


def test_every_kind_of_attribute_goes_on() -> None:
    module = _Module()
    module.learn()
    fresh = _loaded(module)
    assert isinstance(fresh.weight, nn.Parameter)
    assert fresh.weight.tolist() == [1.0, 1.0]
    assert fresh.mean.tolist() == [1.0] * 3
    assert [x.tolist() for x in fresh.history] == [[2.0]]
    assert isinstance(fresh.array, np.ndarray)
    assert fresh.array.tolist() == [3.0, 3.0]
    assert (fresh.steps, fresh.dtype, fresh.where) == (4, torch.float64, CPU)
    assert fresh.inner.weight.item() == 5.0


def test_what_was_none_is_none_again() -> None:
    fresh = _Module()
    fresh.learn()
    set_state(fresh, _through_a_file(get_state(_Module())), CPU)
    assert fresh.mean is None
    assert fresh.history == []


def test_code_is_left_out() -> None:
    assert not [name for name in get_state(_Module()) if "solver" in name]


def test_a_state_is_a_copy() -> None:
    module = _Module()
    state = get_state(module)
    module.learn()
    set_state(module, state, CPU)
    assert module.weight.tolist() == [0.0, 0.0]
