"""Build the weighting and the aggregator of a trial."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from mtl_search.config import Component
from mtl_search.config.checks import prefix_path
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.errors import ConfigError
from mtl_search.training.balancing import (
    AGGREGATOR_PATH,
    AGGREGATORS,
    WEIGHTING_PATH,
    WEIGHTINGS,
    check_balancing,
)
from mtl_search.training.balancing.synchronized_rng import synchronized_rng

if TYPE_CHECKING:  # importing an aggregator imports torchjd's solvers
    from mtl_search.training.balancing.aggregator_base import Aggregator
    from mtl_search.training.balancing.weighting_base import Weighting

_CPU = torch.device("cpu")


def build_weighting(config: TrainingConfig, tasks: int, device: torch.device) -> Weighting | None:
    """Build the weighting that `training.weighting` names.

    Returns:
        The weighting; None for one that weighs all tasks alike, and for a single task.

    Raises:
        ConfigError: An unknown name or argument, or one out of range.
    """
    check_balancing(config)
    member = config.weighting
    if tasks == 1 or _is_plain(member.name):
        return None
    weighting = _built_weighting(member, tasks, device)
    return None if weighting.plain else weighting


def build_aggregator(config: TrainingConfig, tasks: int, device: torch.device) -> Aggregator | None:
    """Build the aggregator that `training.aggregator` names.

    Returns:
        The aggregator; None where the config names none, and for a single task.

    Raises:
        ConfigError: An unknown name or argument, one out of range, or its solver is not installed
            or does not work.
    """
    check_balancing(config)
    member = config.aggregator
    if member is None or tasks == 1:
        return None
    tried = _built(member, tasks, device)
    if tried.independent and config.accumulate < 2:
        message = f"aggregator {member.name!r} compares two independent batches a step"
        path = "training.accumulate"
        raise ConfigError(message, path=path, value=config.accumulate, allowed=["2 or more"])
    _try_out(tried, member, tasks, device)
    return _built(member, tasks, device)  # a fresh one: trying it out may have changed its state


def check_own_balancing(config: TrainingConfig, tasks: int) -> None:
    """Try a weighting and an aggregator of the user's on made-up losses and gradients.

    Args:
        config: The section that names them.
        tasks: Number of tasks; with a single one there is nothing to balance.

    Raises:
        ConfigError: One of them does not do what its family needs.
    """
    if tasks == 1:
        return
    weighting, aggregator = config.weighting, config.aggregator
    own = [part for part in (weighting, aggregator) if part is not None and ":" in part.name]
    if not own:
        return
    from mtl_search.training.balancing.contract import check_aggregator, check_weighting

    if ":" in weighting.name:
        make = partial(_built_weighting, weighting, tasks, _CPU)
        check_weighting(make, weighting.name, tasks, WEIGHTING_PATH)
    if aggregator is not None and ":" in aggregator.name:
        make_aggregator = partial(_built, aggregator, tasks, _CPU)
        check_aggregator(make_aggregator, aggregator.name, tasks, AGGREGATOR_PATH)


def _built_weighting(member: Component, tasks: int, device: torch.device) -> Weighting:
    with prefix_path(WEIGHTING_PATH), device:
        weighting: Weighting = WEIGHTINGS.build(member.name, member.arguments, "", tasks)
    return weighting


def _is_plain(name: str) -> bool:
    """Whether a weighting of ours weighs all tasks alike; found without importing torchjd."""
    return name in WEIGHTINGS and bool(WEIGHTINGS.constant(name, "plain"))


def _built(member: Component, tasks: int, device: torch.device) -> Aggregator:
    with prefix_path(AGGREGATOR_PATH), device:
        aggregator: Aggregator = AGGREGATORS.build(member.name, member.arguments, "", tasks)
    return aggregator


def _try_out(aggregator: Aggregator, member: Component, tasks: int, device: torch.device) -> None:
    """Aggregate some gradients once: what does not work then never will."""
    jacobian = (torch.eye(tasks, tasks + 1) + 0.1).to(device)
    try:
        with (
            prefix_path(AGGREGATOR_PATH),
            synchronized_rng(0, 0, device),
            torch.no_grad(),
        ):
            aggregator.aggregate(jacobian, (jacobian, jacobian))
    except ConfigError:
        raise
    except Exception as error:  # torchjd raises ImportError for a solver that is missing
        message = f"it does not work: {error}"
        raise ConfigError(message, path=AGGREGATOR_PATH, value=member.name) from error
