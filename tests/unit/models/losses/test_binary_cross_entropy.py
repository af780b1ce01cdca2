"""Binary cross-entropy: the weight of label 1."""

from __future__ import annotations

import pytest
import torch

from mtl_search.errors import ConfigError
from mtl_search.models.losses.binary_cross_entropy import BinaryCrossEntropy


@pytest.mark.parametrize("weight", [None, 0.2, 1.0, 7.0])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_best_constant_against_a_grid(weight: float | None, share: float) -> None:
    loss = BinaryCrossEntropy(weight)
    grid = torch.linspace(-8, 8, 8001)
    costs = share * loss(grid, torch.ones(8001)) + (1 - share) * loss(grid, torch.zeros(8001))
    best = loss.best_constant(torch.tensor(share).logit(), torch.ones(1))
    assert float(best) == pytest.approx(float(grid[costs.argmin()]), abs=3e-3)


def test_each_label_has_a_weight_of_its_own() -> None:
    output = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    target = torch.ones(6, 3)
    weights = torch.tensor([1.0, 2.0, 5.0])
    expected = weights * BinaryCrossEntropy()(output, target)
    torch.testing.assert_close(BinaryCrossEntropy(weights.tolist())(output, target), expected)


def test_a_number_of_weights_that_is_not_that_of_the_labels_is_refused() -> None:
    BinaryCrossEntropy(2.0).check_size(4)
    BinaryCrossEntropy([1.0, 2.0]).check_size(2)
    with pytest.raises(ConfigError, match="3 weights") as caught:
        BinaryCrossEntropy([1.0, 2.0]).check_size(3)
    assert caught.value.path == "pos_weight"


def test_weights_stay_out_of_checkpoints() -> None:
    assert not BinaryCrossEntropy(2.0).state_dict()
