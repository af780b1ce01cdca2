"""`mtl-search list`: every family's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mtl_search.data.datasets import DATASETS
from mtl_search.data.mixture import SAMPLING
from mtl_search.errors import ConfigError
from mtl_search.metrics.definitions import METRICS
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.heads import HEADS
from mtl_search.models.losses import LOSSES
from mtl_search.models.sharing import SHARING
from mtl_search.registry import Registry
from mtl_search.search.samplers import SAMPLERS
from mtl_search.search.schedulers import SCHEDULERS
from mtl_search.training.balancing import AGGREGATORS, WEIGHTINGS
from mtl_search.training.optimizers import OPTIMIZERS, SCHEDULES


@dataclass(frozen=True)
class Family:
    """One family of components.

    Attributes:
        place: Where its members stand in a config.
        registry: The table of its members.
    """

    place: str
    registry: Registry[Any]


FAMILIES: dict[str, Family] = {
    "datasets": Family("data", DATASETS),
    "sampling": Family("data.sampling, where data.name is sources", SAMPLING),
    "heads": Family("tasks.<task>.head", HEADS),
    "losses": Family("tasks.<task>.loss", LOSSES),
    "metrics": Family("tasks.<task>.metrics", METRICS),
    "backbones": Family("model.backbone", BACKBONES),
    "sharing": Family("model.sharing", SHARING),
    "optimizers": Family("training.optimizer", OPTIMIZERS),
    "schedules": Family("training.schedule", SCHEDULES),
    "weightings": Family("training.weighting", WEIGHTINGS),
    "aggregators": Family("training.aggregator", AGGREGATORS),
    "schedulers": Family("search.scheduler", SCHEDULERS),
    "samplers": Family("search.sampler", SAMPLERS),
}


def list_command(name: str | None, console: Console) -> None:
    """Print one family, or all.

    Args:
        name: Name of the family; None means all.
        console: The console to print to.

    Raises:
        ConfigError: There is no such family.
    """
    if name is not None and name not in FAMILIES:
        message = "there is no family of this name"
        families = [family for family in FAMILIES if name in FAMILIES[family].registry]
        if families:
            commands = ", ".join(f"`mtl-search list {family}`" for family in families)
            message += f"; it is a member of {' and '.join(families)}: {commands}"
        raise ConfigError(message, path="list", value=name, allowed=FAMILIES)
    for family in FAMILIES if name is None else [name]:
        console.print(_table(family))


def _table(family: str) -> Table:
    registry = FAMILIES[family].registry
    table = Table(
        title=f"{family} — {FAMILIES[family].place}",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    table.add_column("name", style="cyan", no_wrap=True)
    table.add_column("what it is", ratio=3)
    table.add_column("arguments", ratio=4)
    for member in registry:
        table.add_row(member, Text(summary(registry, member)), Text(arguments(registry, member)))
    return table


def summary(registry: Registry[Any], member: str) -> str:
    """Return the first line of a member's docstring; of a metric what it is, and its direction."""
    if registry is METRICS:
        metric = METRICS[member]
        return f"{metric.summary} ({'higher' if metric.higher_is_better else 'lower'} is better)"
    return registry.summary(member).rstrip(".")


def arguments(registry: Registry[Any], member: str) -> str:
    """Return the arguments of a member with their defaults, as `name=default`."""
    if registry is METRICS:
        return ""
    shown = []
    for name, parameter in registry.arguments(member).items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        has_default = parameter.default is not parameter.empty
        shown.append(f"{name}={parameter.default!r}" if has_default else name)
    return ", ".join(shown)
