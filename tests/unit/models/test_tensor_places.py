"""Tensors are found where modules hold them, and others can be put there."""

from __future__ import annotations

import torch
from torch import nn

from mtl_search.models.tensor_places import tensor_places


def test_every_parameter_and_buffer_has_a_place() -> None:
    network = nn.Sequential(nn.Linear(2, 3, bias=False), nn.BatchNorm1d(3))
    places = tensor_places(network)
    assert places.keys() == {*network.state_dict(), "0.bias"}
    for name, tensor in network.state_dict(keep_vars=True).items():
        holder, key = places[name]
        assert holder[key] is tensor


def test_what_is_put_into_a_place_is_what_the_module_computes_with() -> None:
    network = nn.Linear(2, 1, bias=False)
    holder, key = tensor_places(network)["weight"]
    holder[key] = torch.tensor([[2.0, 3.0]])
    assert network(torch.ones(1, 2)).item() == 5.0


def test_a_module_under_two_names_has_its_tensors_under_both() -> None:
    shared = nn.Linear(2, 2)
    places = tensor_places(nn.Sequential(shared, shared))
    assert places["0.weight"][0] is places["1.weight"][0]
