"""Balancing: weightings of the losses of a step, aggregators of the gradients of its tasks.

The loss weights of the config come first (over trivial losses), then the weighting, then the
aggregator; heads follow the weighted losses of their own tasks. With a single task there is nothing
to balance, and neither is built.

This module is a table and loads no torch; `build` builds what the tables name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mtl_search.config.sections.training import TrainingConfig
from mtl_search.errors import ConfigError
from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from mtl_search.training.balancing.aggregator_base import Aggregator
    from mtl_search.training.balancing.weighting_base import Scalarized, Weighting

__all__ = [
    "AGGREGATORS",
    "WEIGHTINGS",
    "Aggregator",
    "Scalarized",
    "Weighting",
    "check_balancing",
    "names",
]

_HERE = "mtl_search.training.balancing"

WEIGHTINGS: Registry[Callable[..., Weighting]] = Registry(
    "weighting",
    {
        "static": f"{_HERE}.weightings:Static",
        "mean": f"{_HERE}.weightings:Mean",
        "uw": f"{_HERE}.weightings:UW",
        "imtl_l": f"{_HERE}.weightings:IMTLL",
        "dwa": f"{_HERE}.weightings:DWA",
        "famo": f"{_HERE}.weightings:FAMO",
        "geometric_mean": f"{_HERE}.weightings:GeometricMean",
        "random": f"{_HERE}.weightings:RandomLoss",
        "stch": f"{_HERE}.weightings:STCH",
        "cosmos": f"{_HERE}.weightings:COSMOS",
        "pbi": f"{_HERE}.weightings:PBI",
        "gradnorm": f"{_HERE}.gradnorm:GradNorm",
        "db_mtl": f"{_HERE}.db_mtl:DBMTL",
        "autoscale": f"{_HERE}.autoscale:AutoScale",
    },
    given=("tasks",),
    base=f"{_HERE}:Weighting",
)

AGGREGATORS: Registry[Callable[..., Aggregator]] = Registry(
    "aggregator",
    {
        "sum": f"{_HERE}.aggregators:Sum",
        "mean": f"{_HERE}.aggregators:Mean",
        "random": f"{_HERE}.aggregators:RandomGradient",
        "pcgrad": f"{_HERE}.aggregators:PCGrad",
        "gradvac": f"{_HERE}.aggregators:GradVac",
        "graddrop": f"{_HERE}.aggregators:GradDrop",
        "mgda": f"{_HERE}.aggregators:MGDA",
        "imtl_g": f"{_HERE}.aggregators:IMTLG",
        "aligned_mtl": f"{_HERE}.aggregators:AlignedMTL",
        "config": f"{_HERE}.aggregators:ConFIG",
        "upgrad": f"{_HERE}.solver_aggregators:UPGrad",
        "dualproj": f"{_HERE}.solver_aggregators:DualProj",
        "cagrad": f"{_HERE}.solver_aggregators:CAGrad",
        "fairgrad": f"{_HERE}.solver_aggregators:FairGrad",
        "nash_mtl": f"{_HERE}.solver_aggregators:NashMTL",
        "excess_mtl": f"{_HERE}.aggregators:ExcessMTL",
        "sdmgrad": f"{_HERE}.aggregators:SDMGrad",
        "modo": f"{_HERE}.aggregators:MoDo",
        "pcd": f"{_HERE}.aggregators:PCD",
        "krum": f"{_HERE}.aggregators:Krum",
        "trimmed_mean": f"{_HERE}.aggregators:TrimmedMean",
    },
    given=("tasks",),
    base=f"{_HERE}:Aggregator",
)

WEIGHTING_PATH = "training.weighting"
AGGREGATOR_PATH = "training.aggregator"


def check_balancing(config: TrainingConfig) -> None:
    """Check names and arguments of the weighting and the aggregator, without torch for ours.

    Raises:
        ConfigError: An unknown name or argument.
    """
    weighting = config.weighting
    aggregator = config.aggregator
    # Papers do not tell weightings and aggregators apart as the config does.
    if weighting.name in AGGREGATORS and weighting.name not in WEIGHTINGS:
        message = f"this aggregator stands elsewhere: `{AGGREGATOR_PATH}: {weighting.name}`"
        raise ConfigError(message, path=f"{WEIGHTING_PATH}.name", value=weighting.name)
    WEIGHTINGS.check_arguments(weighting.name, weighting.arguments, WEIGHTING_PATH)
    if aggregator is None:
        return
    if aggregator.name in WEIGHTINGS and aggregator.name not in AGGREGATORS:
        message = f"this weighting stands elsewhere: `{WEIGHTING_PATH}: {aggregator.name}`"
        raise ConfigError(message, path=f"{AGGREGATOR_PATH}.name", value=aggregator.name)
    AGGREGATORS.check_arguments(aggregator.name, aggregator.arguments, AGGREGATOR_PATH)


def names(config: TrainingConfig) -> str:
    """Name what weighs and aggregates where it is not the default: `uw`, `uw + pcgrad`."""
    parts = [config.weighting.name] if config.weighting.name != "static" else []
    if config.aggregator is not None:
        parts.append(config.aggregator.name)
    return " + ".join(parts)


__getattr__ = lazy_attributes(
    __name__,
    {
        "Aggregator": f"{_HERE}.aggregator_base",
        "Scalarized": f"{_HERE}.weighting_base",
        "Weighting": f"{_HERE}.weighting_base",
        "build_aggregator": f"{_HERE}.build",
        "build_weighting": f"{_HERE}.build",
        "check_own_balancing": f"{_HERE}.build",
    },
)
