"""How the tasks of a step come together: weightings of their losses, aggregators of their gradients.

The loss weights of the config come first (over trivial losses), then the weighting, then the aggregator; heads follow
the weighted losses of their own tasks. With a single task there is nothing to balance, and neither is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mtl_search.config import Component
from mtl_search.config.checks import prefix_path
from mtl_search.config.training import TrainingConfig
from mtl_search.errors import ConfigError, MtlSearchError
from mtl_search.registry import Registry
from mtl_search.training.balancing import aggregators, solver_aggregators, weightings
from mtl_search.training.balancing.aggregator_base import Aggregator
from mtl_search.training.balancing.db_mtl import DBMTL
from mtl_search.training.balancing.gradnorm import GradNorm
from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from mtl_search.training.balancing.weighting_base import Scalarized, Weighting

__all__ = [
    "AGGREGATORS", "WEIGHTINGS", "Aggregator", "Scalarized", "Weighting", "build_aggregator", "build_weighting",
    "names", "synchronized_rng",
]  # fmt: skip

WEIGHTINGS: Registry[Callable[..., Weighting]] = Registry(
    "weighting",
    {
        "static": weightings.Static,
        "mean": weightings.Mean,
        "uw": weightings.UW,
        "imtl_l": weightings.IMTLL,
        "dwa": weightings.DWA,
        "famo": weightings.FAMO,
        "geometric_mean": weightings.GeometricMean,
        "random": weightings.RandomLoss,
        "stch": weightings.STCH,
        "cosmos": weightings.COSMOS,
        "pbi": weightings.PBI,
        "gradnorm": GradNorm,
        "db_mtl": DBMTL,
    },
    given=("tasks",),
)

AGGREGATORS: Registry[Callable[..., Aggregator]] = Registry(
    "aggregator",
    {
        "sum": aggregators.Sum,
        "mean": aggregators.Mean,
        "random": aggregators.RandomGradient,
        "pcgrad": aggregators.PCGrad,
        "gradvac": aggregators.GradVac,
        "graddrop": aggregators.GradDrop,
        "mgda": aggregators.MGDA,
        "imtl_g": aggregators.IMTLG,
        "aligned_mtl": aggregators.AlignedMTL,
        "config": aggregators.ConFIG,
        "upgrad": solver_aggregators.UPGrad,
        "dualproj": solver_aggregators.DualProj,
        "cagrad": solver_aggregators.CAGrad,
        "fairgrad": solver_aggregators.FairGrad,
        "nash_mtl": solver_aggregators.NashMTL,
        "excess_mtl": aggregators.ExcessMTL,
        "sdmgrad": aggregators.SDMGrad,
        "modo": aggregators.MoDo,
        "pcd": aggregators.PCD,
        "krum": aggregators.Krum,
        "trimmed_mean": aggregators.TrimmedMean,
    },
    given=("tasks",),
)

_WEIGHTING, _AGGREGATOR = "training.weighting", "training.aggregator"


def build_weighting(config: TrainingConfig, tasks: int, device: torch.device) -> Weighting | None:
    """What `training.weighting` names; None for what weighs all alike, and for a single task.

    Raises:
        ConfigError: Unknown name or argument, or one out of range.
    """
    member = config.weighting
    _check_family(member.name, WEIGHTINGS, _WEIGHTING)
    make = WEIGHTINGS.get_member(member.name, f"{_WEIGHTING}.name")
    WEIGHTINGS.check_arguments(member.name, member.arguments, _WEIGHTING)
    if tasks == 1:
        return None
    weighting = _made(make, member, _WEIGHTING, tasks, device)
    if not isinstance(weighting, Weighting):
        what = "this is no subclass of mtl_search.training.balancing.Weighting"
        raise ConfigError(what, path=f"{_WEIGHTING}.name", value=member.name)
    return None if weighting.plain else weighting


def build_aggregator(config: TrainingConfig, tasks: int, device: torch.device) -> Aggregator | None:
    """What `training.aggregator` names; None where it names nothing, and for a single task.

    Raises:
        ConfigError: Unknown name or argument, one out of range, or its solver is not installed or does not work.
    """
    member = config.aggregator
    if member is None:
        return None
    _check_family(member.name, AGGREGATORS, _AGGREGATOR)
    make = AGGREGATORS.get_member(member.name, f"{_AGGREGATOR}.name")
    AGGREGATORS.check_arguments(member.name, member.arguments, _AGGREGATOR)
    if tasks == 1:
        return None
    _try_out(
        _made(make, member, _AGGREGATOR, tasks, device), member, config.accumulate, tasks, device
    )
    aggregator: Aggregator = _made(make, member, _AGGREGATOR, tasks, device)
    return aggregator


def names(config: TrainingConfig) -> str:
    """What weighs and aggregates where it is not the default: `uw`, `pcgrad`, `uw + pcgrad`."""
    found = [config.weighting.name] if config.weighting.name != "static" else []
    return " + ".join(found + ([config.aggregator.name] if config.aggregator else []))


def _check_family(name: str, family: Registry[Any], path: str) -> None:
    """Papers do not tell weightings and aggregators apart as the config does."""
    other, place = (AGGREGATORS, _AGGREGATOR) if family is WEIGHTINGS else (WEIGHTINGS, _WEIGHTING)
    if name in other and name not in family:
        raise ConfigError(
            f"this {other.kind} stands elsewhere: `{place}: {name}`",
            path=f"{path}.name",
            value=name,
        )


def _made(
    make: Callable[..., Any], member: Component, path: str, tasks: int, device: torch.device
) -> Any:
    with _blamed_on(member, path), device:
        return make(tasks, **member.arguments)


def _try_out(
    made: object, member: Component, accumulate: int, tasks: int, device: torch.device
) -> None:
    """Aggregate some gradients once: what does not work then never will."""
    if not isinstance(made, Aggregator):
        what = "this is no subclass of mtl_search.training.balancing.Aggregator"
        raise ConfigError(what, path=f"{_AGGREGATOR}.name", value=member.name)
    if made.independent and accumulate < 2:
        raise ConfigError(
            f"aggregator {member.name!r} compares two independent batches a step",
            path="training.accumulate", value=accumulate, allowed=["2 or more"],
        )  # fmt: skip
    jacobian = (torch.eye(tasks, tasks + 1) + 0.1).to(device)
    with _blamed_on(member, _AGGREGATOR), synchronized_rng(0, 0, device), torch.no_grad():
        made.aggregate(jacobian, (jacobian, jacobian))


@contextmanager
def _blamed_on(member: Component, path: str) -> Iterator[None]:
    """Errors of a member as errors of the config."""
    try:
        with prefix_path(path):
            yield
    except MtlSearchError as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"it does not work: {error}", path=path, value=member.name) from error
    except (
        Exception
    ) as error:  # torchjd raises ImportError for a solver that is missing; a user's anything
        raise ConfigError(f"it cannot be used: {error}", path=path, value=member.name) from error
