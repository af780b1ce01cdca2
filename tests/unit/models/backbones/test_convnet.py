"""The convolutional network: its layers, small maps, and images without channels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mtl_search.models.backbones import BACKBONES
from mtl_search.models.stage import parameter_count, run_stages


def test_convnet_has_the_parameters_of_its_layers() -> None:
    stages = BACKBONES["convnet"]((2, 8, 8), channels=[4], dense=[3], norm="none")
    assert [parameter_count(stage) for stage in stages] == [2 * 4 * 9 + 4, 4 * 4 * 4 * 3 + 3]


def test_a_map_smaller_than_the_pool_is_not_pooled() -> None:
    x = torch.randn(1, 1, 5, 3)
    sizes = []
    for stage in BACKBONES["convnet"]((1, 5, 3), channels=[4, 4, 4]):
        x = stage(x)
        sizes.append(tuple(x.shape[2:]))
    assert sizes == [(2, 1), (2, 1), (2, 1)]


def test_an_image_without_channels_has_one() -> None:
    torch.manual_seed(0)
    flat = nn.ModuleList(BACKBONES["convnet"]((8, 6))).eval()
    torch.manual_seed(0)
    full = nn.ModuleList(BACKBONES["convnet"]((1, 8, 6))).eval()
    x = torch.randn(3, 8, 6)
    torch.testing.assert_close(run_stages(flat, x, None), run_stages(full, x.unsqueeze(1), None))


def test_batch_normalisation_of_maps_trains_on_one_sample_while_they_have_several_pixels() -> None:
    (stage,) = BACKBONES["convnet"]((1, 8, 8), channels=[3])
    assert stage(torch.randn(1, 1, 8, 8)).shape == (1, 3, 4, 4)
    (stage,) = BACKBONES["convnet"]((1, 1, 1), channels=[3], kernel=1)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        stage(torch.randn(1, 1, 1, 1))
