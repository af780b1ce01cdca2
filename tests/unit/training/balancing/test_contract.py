"""Weightings and aggregators of the user's give one weight a task, and one gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.errors import ConfigError
from mtl_search.training.balancing import AGGREGATORS, WEIGHTINGS
from mtl_search.training.balancing.contract import check_aggregator, check_weighting
from tests.support.own_parts import RightAggregator, RightWeighting

TASKS, PATH = 3, "training.weighting"


class Draws(RightWeighting):
    """Random weights that are said to be none."""

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        return torch.rand(self.tasks)


class Infinite(RightWeighting):
    """A division by 0."""

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        return losses / 0


class Counts(RightWeighting):
    """Steps that no state keeps."""

    def __init__(self, tasks: int) -> None:
        super().__init__(tasks)
        self.steps = 0

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        self.steps += 1
        return losses / self.steps


class Flat(RightWeighting):
    """Rows that are one."""

    def rows(self, jacobian: Tensor) -> tuple[Tensor, Tensor | None]:
        return jacobian.sum(0), None


@pytest.mark.parametrize("name", ["uw", "dwa", "famo", "gradnorm", "random", "db_mtl", "autoscale"])
def test_weightings_of_ours_keep_the_contract(name: str) -> None:
    check_weighting(lambda: WEIGHTINGS[name](TASKS), name, TASKS, PATH)


@pytest.mark.parametrize("name", ["sum", "pcgrad", "mgda", "imtl_g", "excess_mtl", "krum"])
def test_aggregators_of_ours_keep_the_contract(name: str) -> None:
    check_aggregator(lambda: AGGREGATORS[name](TASKS), name, TASKS, PATH)


@pytest.mark.parametrize(
    ("weighting", "told"),
    [
        (Draws, "gives two results for one input"),
        (Infinite, "not finite"),
        (Counts, "goes on in another way"),
        (Flat, r"`rows` of .* gives shape \(5,\) for gradients of shape \(3, 5\)"),
    ],
)
def test_a_wrong_weighting_is_refused(weighting: Callable[[int], Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check_weighting(lambda: weighting(TASKS), "mine", TASKS, PATH)
    assert caught.value.path == PATH


class Given(RightAggregator):
    """What a function makes of the gradients."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__(TASKS)
        self.function = function

    def aggregate(self, jacobian: Tensor, halves: object = None) -> Any:
        return self.function(jacobian)

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """There is none."""


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda rows: (rows, None), r"gives shape \(3, 5\) for gradients of shape \(3, 5\)"),
        (lambda rows: (rows.sum(0), torch.ones(2)), r"the weights of gradients .* shape \(3,\)"),
        (lambda rows: rows.sum(0), "gives a Tensor .* needed is a tuple of one gradient"),
        (lambda rows: (rows.sum(0) * torch.rand(()), None), "gives two results for one input"),
        (lambda rows: ((rows / rows.norm(dim=1, keepdim=True)).sum(0), None), "not finite"),
        (lambda rows: (rows[7], None), "fails when it is tried: IndexError"),
    ],
)
def test_a_wrong_aggregator_is_refused(function: Callable[[Tensor], Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        check_aggregator(lambda: Given(function), "mine", TASKS, PATH)
