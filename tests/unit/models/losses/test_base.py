"""The base of losses: a user's functions."""

from __future__ import annotations

import pytest
import torch

from mtl_search.errors import ConfigError
from mtl_search.models.losses import as_elementwise
from mtl_search.models.losses.base import reduced


def test_a_users_function_becomes_a_loss() -> None:
    loss = as_elementwise(lambda output, target: (output - target).abs() ** 3)
    output, target = torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0])
    assert loss(output, target).tolist() == [1.0, 8.0]
    assert float(loss(output, target, "sum")) == 9.0
    assert float(loss(output, target, "mean")) == 4.5
    assert as_elementwise(loss) is loss


@pytest.mark.parametrize("thing", [3, "mse", lambda output: output])
def test_what_is_no_loss_is_refused(thing: object) -> None:
    with pytest.raises(ConfigError, match="a function of"):
        as_elementwise(thing, "tasks.x.loss")


def test_reductions() -> None:
    losses = torch.tensor([1.0, 2.0, 6.0])
    assert reduced(losses, "none") is losses
    assert reduced(losses, "sum").item() == 9.0
    assert reduced(losses, "mean").item() == 3.0


def test_a_users_function_is_best_at_the_constant_of_the_likelihood() -> None:
    start = torch.tensor(0.4)
    loss = as_elementwise(lambda output, target: (output - target) ** 2)
    assert loss.best_constant(start, torch.ones(3)) is start
    loss.check_size(99)
