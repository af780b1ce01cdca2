"""Copies of a network are what its `state_dict` says, whatever its modules do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from mtl_search.training.results.network_copy import NetworkCopy


class _Counts(nn.Module):
    """Puts a new tensor into a buffer's place, and has one that is not stored."""

    total: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(()))
        self.register_buffer("cache", torch.zeros(2), persistent=False)
        self.register_buffer("missing", None)

    def forward(self, x: Tensor) -> Tensor:
        self.total = self.total + len(x)
        return x


class _Extra(nn.Linear):
    def get_extra_state(self) -> Any:
        return torch.ones(1)

    def set_extra_state(self, state: Any) -> None:
        pass


class _Grows(nn.Module):
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(0))

    def forward(self, x: Tensor) -> Tensor:
        self.seen = torch.cat([self.seen, x.flatten().detach()[:1]])
        return x


class _Forgets(nn.Module):
    """Drops a buffer, and has another type for the second one."""

    first: Tensor | None
    second: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("first", torch.ones(2))
        self.register_buffer("second", torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        self.first, self.second = None, self.second.double() / 3
        return x


def _shared() -> nn.Module:
    layer = nn.Linear(3, 3)
    return nn.Sequential(layer, nn.ReLU(), layer)


def _hooked() -> nn.Module:
    network = nn.Linear(3, 3)

    def halve(_: object, state: dict[str, Tensor], *__: object) -> None:
        state["weight"] = state["weight"] / 2

    network.register_state_dict_post_hook(halve)
    return network


def _channels_last() -> nn.Module:
    network = nn.Conv2d(2, 2, 3)
    network.weight.data = network.weight.data.to(memory_format=torch.channels_last)
    return network


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3)),
    "counts": lambda: nn.Sequential(nn.Linear(3, 3), _Counts()),
    "shared": _shared,
    "extra state": lambda: nn.Sequential(_Extra(3, 3)),
    "grows": lambda: nn.Sequential(nn.Linear(3, 3), _Grows()),
    "forgets": lambda: nn.Sequential(nn.Linear(3, 3), _Forgets()),
    "hooked": _hooked,
    "weight norm": lambda: parametrizations.weight_norm(nn.Linear(3, 3)),
    "not contiguous": _channels_last,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_copies_are_the_state_of_the_moment(name: str) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]()
    copy = NetworkCopy(network)
    x = torch.randn(1, 2, 4, 4) if name == "not contiguous" else torch.randn(4, 3)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(3):
        network(x).square().sum().backward()
        optimizer.step()
        found = copy.take()
        expected = {key: value.clone() for key, value in network.state_dict().items()}
        network(x).sum().backward()
        optimizer.step()  # which changes the network, and not the copies
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert torch.equal(found[key], value), key
            assert found[key].dtype == value.dtype
            assert found[key].is_contiguous()
            assert not found[key].requires_grad
