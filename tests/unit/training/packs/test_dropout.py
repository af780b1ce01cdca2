"""Masks are those that a member draws alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mtl_search.training.packs.dropout import Dropouts, draw_masks


def _network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2), nn.Dropout(0.25))


def _generators(count: int = 2) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(number) for number in range(count)]


def test_a_member_draws_what_it_would_draw_alone() -> None:
    network = _network()
    dropouts = Dropouts(network)
    like = torch.zeros(1)
    masks = dropouts.draw(5, _generators(), like, lambda: network(torch.zeros(5, 3)))
    assert [mask.shape for mask in masks] == [(2, 5, 4), (2, 5, 2)]
    for member in range(2):
        torch.manual_seed(member)
        assert torch.equal(nn.Dropout(0.5)(torch.ones(5, 4)), masks[0][member])
        assert torch.equal(nn.Dropout(0.25)(torch.ones(5, 2)), masks[1][member])


def test_without_dropout_nothing_is_drawn() -> None:
    generators = _generators()
    before = generators[0].get_state()
    assert Dropouts(nn.Linear(2, 2)).draw(3, generators, torch.zeros(1), lambda: None) == []
    assert torch.equal(generators[0].get_state(), before)


def test_a_layer_that_is_met_twice_is_refused() -> None:
    network = _network()
    dropouts = Dropouts(network)

    def twice() -> None:
        network(torch.zeros(5, 3))
        network(torch.zeros(5, 3))

    with pytest.raises(ValueError, match="more than once"):
        dropouts.draw(5, _generators(), torch.zeros(1), twice)


def test_masks_keep_the_mean() -> None:
    (mask,) = draw_masks([(0.25, (1000, 100))], _generators(1), torch.zeros(1))
    assert mask.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert mask.mean().item() == pytest.approx(1.0, abs=0.01)


def test_rates_of_0_and_1_draw_nothing() -> None:
    layers = [nn.Dropout(0.0), nn.Dropout(1.0), nn.Dropout(0.5)]
    masks = draw_masks([(x.p, (4, 3)) for x in layers], _generators(1), torch.zeros(1))
    torch.manual_seed(0)
    for layer, mask in zip(layers, masks, strict=True):
        assert torch.equal(layer(torch.ones(4, 3)), mask[0])
