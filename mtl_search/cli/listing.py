"""`mtl-search list`: every family's table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mtl_search.errors import ConfigError
from mtl_search.registry import Registry

# Family → where it stands in a config, and the module and name of its table.
TABLES: dict[str, tuple[str, str, str]] = {
    "datasets": ("data", "mtl_search.data.datasets", "DATASETS"),
    "sampling": ("data.sampling, of data.name: sources", "mtl_search.data.mixture", "SAMPLING"),
    "heads": ("tasks.<task>.head", "mtl_search.models.heads", "HEADS"),
    "losses": ("tasks.<task>.loss", "mtl_search.models.losses", "LOSSES"),
    "metrics": ("tasks.<task>.metrics", "mtl_search.metrics.definitions", "METRICS"),
    "backbones": ("model.backbone", "mtl_search.models.backbones", "BACKBONES"),
    "sharing": ("model.sharing", "mtl_search.models.sharing", "SHARING"),
    "optimizers": ("training.optimizer", "mtl_search.training.optimizers", "OPTIMIZERS"),
    "schedules": ("training.schedule", "mtl_search.training.optimizers", "SCHEDULES"),
    "weightings": ("training.weighting", "mtl_search.training.balancing", "WEIGHTINGS"),
    "aggregators": ("training.aggregator", "mtl_search.training.balancing", "AGGREGATORS"),
    "schedulers": ("search.scheduler", "mtl_search.search.schedulers", "SCHEDULERS"),
    "samplers": ("search.sampler", "mtl_search.search.samplers", "SAMPLERS"),
}


def families() -> dict[str, tuple[str, Callable[[], Registry[Any]]]]:
    """Family → where it stands in a config, and its table (imported when it is asked for)."""
    return {family: (where, partial(_table, *table)) for family, (where, *table) in TABLES.items()}


def list_command(family: str | None, console: Console) -> None:
    """Print one family, or all.

    Raises:
        ConfigError: There is no such family.
    """
    known = families()
    if family is not None and family not in known:
        raise ConfigError(
            "there is no family of this name", path="list", value=family, allowed=known
        )
    for name in known if family is None else [family]:
        where, load = known[name]
        console.print(_rendered(name, where, load()))


def _rendered(name: str, where: str, registry: Registry[Any]) -> Table:
    table = Table(
        title=f"{name} — {where}",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    table.add_column("name", style="cyan", no_wrap=True)
    table.add_column("what it is", ratio=3)
    table.add_column("arguments", ratio=4)
    for member in registry:
        table.add_row(member, Text(_summary(registry[member])), Text(_arguments(registry, member)))
    return table


def _summary(member: object) -> str:
    """First line of the docstring; what is data rather than code says what it is by its fields."""
    if not callable(member):
        return (
            "higher is better" if getattr(member, "higher_is_better", True) else "lower is better"
        )
    return (inspect.getdoc(member) or "").split("\n")[0].rstrip(".")


def _arguments(registry: Registry[Any], member: str) -> str:
    if not callable(registry[member]):
        return ""
    shown = []
    for name, parameter in registry.arguments(member).items():
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            shown.append(
                name if parameter.default is parameter.empty else f"{name}={parameter.default!r}"
            )
    return ", ".join(shown)


def _table(module: str, name: str) -> Registry[Any]:
    import importlib

    registry = getattr(importlib.import_module(module), name)
    assert isinstance(registry, Registry)
    return registry
