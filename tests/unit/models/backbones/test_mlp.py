"""The multi-layer perceptron: its layers, and batches of one sample."""

from __future__ import annotations

import pytest
import torch

from mtl_search.models.backbones import BACKBONES
from mtl_search.models.stage import parameter_count


def test_mlp_has_the_parameters_of_its_layers() -> None:
    sizes = [parameter_count(stage) for stage in BACKBONES["mlp"]((3, 2), widths=[5, 4])]
    assert sizes == [6 * 5 + 5, 5 * 4 + 4]


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_a_batch_of_one_trains_without_batch_normalisation(norm: str) -> None:
    (stage,) = BACKBONES["mlp"]((4,), widths=[3], norm=norm)
    assert stage(torch.randn(1, 4)).shape == (1, 3)


def test_batch_normalisation_cannot_train_on_a_batch_of_one() -> None:
    """What the docstring says: it can predict one sample, but not learn from one."""
    (stage,) = BACKBONES["mlp"]((4,), widths=[3], norm="batch")
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        stage(torch.randn(1, 4))
    assert stage.eval()(torch.randn(1, 4)).shape == (1, 3)
