"""All that can be wrong with a sweep, found before anything trains: names, arguments, and networks at every end of the space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from mtl_search.config import Config, override
from mtl_search.data import DataSet
from mtl_search.errors import ConfigError
from mtl_search.models.network import MultiTaskNetwork, build_network
from mtl_search.registry import import_attribute
from mtl_search.search.samplers import SAMPLERS
from mtl_search.search.schedulers import build_scheduler
from mtl_search.search.space import Space
from mtl_search.training.metrics import METRICS, metric_names
from mtl_search.training.objective import ObjectiveFunction
from mtl_search.training.optimizers import build_optimizer, build_schedule


def check(config: Config, data: DataSet, *, needs_space: bool = True) -> MultiTaskNetwork:
    """Build everything once, train nothing.

    Args:
        config: Of the sweep.
        data: Its data set.
        needs_space: Whether an empty space is an error; it is not where a function of the user's takes its place.

    Returns:
        The network as the config has it, without anything searched.

    Raises:
        ConfigError: The first thing that is wrong.
    """
    _check_search(config)
    network = _build(config, data)
    for path, value in search_ends(config):
        _check_end(config, data, path, value)
    if needs_space and not config.search.space and "search" in config.search.arms:
        raise ConfigError("the search arm has nothing to search: the space is empty", path="search.space", value={})
    return network


def search_ends(config: Config) -> Iterator[tuple[str, Any]]:
    """Every searched path with the values at its ends."""
    tree = config.model_dump(by_alias=True, exclude_none=True)
    yield from Space(config.search.space, tuple(config.tasks), tree).ends()


def objective_function(config: Config) -> ObjectiveFunction | None:
    """The user's function that `search.objective` names as `module:attribute`, if it does."""
    name = config.search.objective
    return import_attribute(name, "search.objective") if ":" in name else None


def task_metrics(config: Config, network: MultiTaskNetwork) -> dict[str, tuple[str, ...]]:
    """Main task → names of its metrics, the head's first where the config names none."""
    names = metric_names(config, network)
    return {task: names[task] for task in config.main_tasks}


def deviations(config: Config, data: DataSet) -> dict[str, float]:
    """Standard deviation of the training labels of tasks with a real target."""
    found = {}
    for name, task in config.tasks.items():
        target = data.targets[task.target or name]
        if target.kind == "real":
            found[name] = float(np.nanstd(target.values[data.splits["train"]])) or 1.0
    return found


def _check_search(config: Config) -> None:
    search = config.search
    if not config.main_tasks:
        raise ConfigError("at least one task must have the role main", path="tasks")
    SAMPLERS.check_arguments(search.sampler.name, search.sampler.arguments, "search.sampler")
    build_scheduler(config)
    if search.objective == "delta_m" or objective_function(config) is not None:
        return
    allowed = ["delta_m", *(f"val/{task}/{metric}" for task in config.tasks for metric in ("loss", *METRICS))]
    if search.objective not in allowed:
        raise ConfigError(
            "not an objective (or 'module:attribute' of a function of the metrics)",
            path="search.objective", value=search.objective, allowed=allowed[:1] + allowed[1:8] + ["..."],
        )  # fmt: skip


def _build(config: Config, data: DataSet) -> MultiTaskNetwork:
    """Network, optimiser and schedule of a config, with a random state that leaves no trace."""
    with torch.random.fork_rng(devices=[]):
        network = build_network(config, data)
    metric_names(config, network)
    optimizer = build_optimizer(config.training.optimizer, network.parameters())
    build_schedule(config.training.schedule, optimizer, config.training.epochs)
    return network


def _check_end(config: Config, data: DataSet, path: str, value: Any) -> None:
    """Build the network with one searched value at one of its ends."""
    tree_end: Mapping[str, Any] = {path: list(value) if isinstance(value, tuple) else value}
    try:
        _build(override(config, tree_end), data)
    except ConfigError as error:
        raise ConfigError(f"fails where this is {value!r}:\n{error}", path=f"search.space.{path}") from None


