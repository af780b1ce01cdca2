"""What weightings inherit: the example of a user's own, and scalarizers with parameters."""

from __future__ import annotations

import doctest
from typing import Any

import pytest
import torch
import torchjd.scalarization as jd

from mtl_search.config.base import Component
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.errors import ConfigError
from mtl_search.training.balancing import weighting_base
from mtl_search.training.balancing.build import build_weighting
from mtl_search.training.balancing.weighting_base import Scalarized, Weighting
from tests.support.trials import CPU


def test_the_example_runs() -> None:
    tried = doctest.testmod(weighting_base)
    assert tried.attempted > 0
    assert tried.failed == 0


class Halving(Weighting):
    """A user's own: each step counts half as much as the one before."""

    def __init__(self, tasks: int, *, start: float = 1.0) -> None:
        self.weights = torch.full((tasks,), start)

    def weigh(self, losses: torch.Tensor, jacobian: torch.Tensor | None) -> torch.Tensor:
        self.weights = self.weights / 2
        return self.weights

    def state_dict(self) -> dict[str, Any]:
        return {"weights": self.weights}

    def load_state_dict(self, state: Any, device: torch.device) -> None:
        self.weights = state["weights"].to(device)


def test_a_weighting_of_the_users_own_is_built_by_its_name() -> None:
    member = Component(name=f"{__name__}:Halving", start=4.0)
    made = build_weighting(TrainingConfig(weighting=member), 2, CPU)
    assert isinstance(made, Halving)
    assert made.weigh(torch.ones(2), None).tolist() == [2.0, 2.0]


def test_by_default_rows_stay_as_they_are() -> None:
    rows = torch.ones(2, 3)
    kept, scales = Halving(2).rows(rows)
    assert kept is rows
    assert scales is None


def test_weights_are_the_gradient_and_parameters_learn_by_their_own_rate() -> None:
    losses = torch.tensor([2.0, 0.5])
    fixed, learned = Scalarized(jd.UW(2)), Scalarized(jd.UW(2), lr=0.1)
    for weighting in (fixed, learned):
        assert weighting.weigh(losses, None).tolist() == pytest.approx([0.5, 0.5])
    assert fixed.optimizer is None
    assert fixed.weigh(losses, None).tolist() == pytest.approx([0.5, 0.5])
    high, low = learned.weigh(losses, None).tolist()
    assert high < 0.5 < low
    assert list(fixed.state_dict()) == ["scalarizer"]
    assert list(learned.state_dict()) == ["scalarizer", "optimizer"]


def test_a_learning_rate_below_zero_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Scalarized(jd.UW(2), lr=-1.0)
    assert caught.value.path == "lr"
