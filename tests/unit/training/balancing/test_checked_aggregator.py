"""Aggregators leave out tasks without a gradient, and what fails is told from what made it fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.errors import TrialError
from tests.support.parity import Parity
from tests.support.trials import config, trainer


def test_a_task_without_a_label_is_left_out_where_its_zero_would_be_taken_for_a_wish(
    tmp_path: Path,
) -> None:
    made = Parity(
        training={"aggregator": "mgda", "optimizer": {"name": "sgd", "lr": 0.01}}, labels="sparse"
    ).trainer(tmp_path)
    before = torch.cat([p.detach().flatten() for p in made.network.shared_parameters()])
    made.train_epoch()
    after = torch.cat([p.detach().flatten() for p in made.network.shared_parameters()])
    assert (
        after - before
    ).norm() > 1e-4  # the shortest vector of a hull with a zero in it is that zero


def broken(tasks: int) -> Any:
    """An aggregator that fails after it has been tried out."""
    from mtl_search.training.balancing.aggregators import Sum

    class Broken(Sum):
        calls = 0

        def aggregate(self, jacobian: Tensor, halves: Any = None) -> Any:
            self.calls += 1
            if jacobian.shape[1] > tasks + 1:
                raise ArithmeticError("it does not converge")
            return super().aggregate(jacobian, halves)

    return Broken(tasks)


def not_a_number(tasks: int) -> Any:
    """An aggregator that returns NaN."""
    from mtl_search.training.balancing.aggregators import Sum

    class Broken(Sum):
        def aggregate(self, jacobian: Tensor, halves: Any = None) -> Any:
            return jacobian.sum(0) * float("nan"), None

    return Broken(tasks)


@pytest.mark.parametrize(
    ("name", "text"), [("broken", "it does not converge"), ("not_a_number", "not finite")]
)
def test_an_aggregator_that_fails_fails_the_trial(name: str, text: str, tmp_path: Path) -> None:
    made = trainer(config(aggregator=f"{__name__}:{name}"), tmp_path)
    with pytest.raises(TrialError, match=rf"{name}' (failed|made).*{text}"):
        made.run_epoch()


def test_a_loss_that_is_not_finite_is_named_and_not_the_aggregator(tmp_path: Path) -> None:
    made = trainer(config(aggregator="fairgrad"), tmp_path)
    with torch.no_grad():
        next(made.heads["flag"].parameters()).fill_(float("nan"))
    with pytest.raises(TrialError, match="train loss of task 'flag' is nan"):
        made.run_epoch()
