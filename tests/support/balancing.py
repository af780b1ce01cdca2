"""Weightings and aggregators by name, and losses and gradients for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mtl_search.config.base import Component
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.training.balancing import WEIGHTINGS, Aggregator, Weighting
from mtl_search.training.balancing.build import build_aggregator, build_weighting
from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from tests.support.trials import CPU

# (steps, T), and (T, P)
LOSSES = torch.tensor([[0.9, 2.0, 0.4], [0.7, 1.9, 0.5], [0.8, 1.2, 0.3], [0.5, 1.4, 0.35]])
JACOBIAN = torch.tensor([[1.0, 2.0, 0.0, 1.0], [-3.0, 0.5, 1.0, 0.0], [0.2, 0.1, -0.4, 0.3]])


def build_named_weighting(name: str, tasks: int = 3, **arguments: Any) -> Weighting:
    """The weighting as a config builds it; also where that would build none."""
    made = build_weighting(TrainingConfig(weighting=Component(name=name, **arguments)), tasks, CPU)
    return made if made is not None else WEIGHTINGS[name](tasks)


def weigh(made: Weighting, losses: Tensor, step: int = 1) -> Tensor:
    """Weights of a step, by gradients that belong to the losses."""
    with synchronized_rng(7, step, CPU), torch.no_grad():
        return made.weigh(losses, JACOBIAN * losses.unsqueeze(1)).clone()


def build_named_aggregator(name: str, tasks: int = 3, **arguments: Any) -> Aggregator:
    """The aggregator as a config builds it."""
    training = TrainingConfig(aggregator=Component(name=name, **arguments), accumulate=2)
    made = build_aggregator(training, tasks, CPU)
    assert made is not None
    return made


def halves(jacobian: Tensor) -> tuple[Tensor, Tensor]:
    """Two that differ, with the given one as their mean."""
    away = torch.linspace(-0.3, 0.3, jacobian.numel()).view_as(jacobian) * jacobian.abs().max()
    return jacobian + away, jacobian - away


def aggregated(made: Aggregator, jacobian: Tensor, step: int = 1) -> tuple[Tensor, Tensor | None]:
    """Gradient and weights of a step."""
    with synchronized_rng(7, step, CPU), torch.no_grad():
        vector, weights = made.aggregate(jacobian, halves(jacobian))
    return vector.clone(), None if weights is None else weights.clone()


def random_jacobian(seed: int, tasks: int = 3, width: int = 6) -> Tensor:
    """Normal numbers (tasks, width)."""
    return torch.randn(tasks, width, generator=torch.Generator().manual_seed(seed))


# Two gradients in conflict, at about 120°; the third is at right angles to both in `THREE`.
TWO = torch.tensor([[2.0, 0.0, 0.0], [-1.0, 1.5, 0.0]])
THREE = torch.tensor([[2.0, 0.0, 0.0], [-1.0, 1.5, 0.0], [0.0, 0.0, 0.5]])
