"""What can be wrong with a sweep, before anything trains: names, arguments, networks at all ends of the space."""

from __future__ import annotations

import numpy as np
import torch

from mtl_search.config import Config, override
from mtl_search.config.consistency import check_task_names
from mtl_search.data import SPLITS, DataSet
from mtl_search.errors import ConfigError, MtlSearchError
from mtl_search.metrics.objective import check_objective
from mtl_search.models.network import MultiTaskNetwork, build_network
from mtl_search.search import initial_points
from mtl_search.search.objectives import objective_function
from mtl_search.search.samplers import check_sampler
from mtl_search.search.schedulers import pbt_config
from mtl_search.search.space.space import blamed_on_boundary, space_of
from mtl_search.training import acceleration
from mtl_search.training.balancing.build import build_aggregator, build_weighting
from mtl_search.training.distributed.sync_batch_norm import check_sync_batch_norm
from mtl_search.training.evaluator import metric_names
from mtl_search.training.optimizers.build import build_optimizer, build_schedule, parameter_groups

_CPU = torch.device("cpu")


def check_sweep(
    config: Config, data: DataSet, *, needs_space: bool = True, started: bool = False
) -> MultiTaskNetwork:
    """Build everything once, train nothing.

    Args:
        config: Of the sweep.
        data: Its data set.
        needs_space: Whether an empty space is an error; it is not where a function of the user's takes its place.
        started: The journal knows already what the search begins with.

    Returns:
        The network as the config has it, without anything searched.

    Raises:
        ConfigError: The first thing that is wrong.
    """
    check_task_names(config)
    check_sampler(config.search.sampler, config.seed % 2**32)
    if pbt_config(config) is not None:  # which checks the scheduler, too
        from mtl_search.search.schedulers.pbt import check_population  # it imports Ray

        check_population(config, needs_space=needs_space)
    network = _build(config, data)
    _check_objective(config, network)
    _check_labels(config, data)
    if config.resources.workers > 1:
        check_sync_batch_norm(
            config, torch.device("cuda") if config.resources.gpus_per_worker else _CPU
        )
    space = space_of(config)
    for path, value, premises in space.boundary_values():
        with blamed_on_boundary(space.written[path], value):
            _build(override(config, {**premises, path: value}), data)
    if needs_space and not config.search.space and "search" in config.search.arms:
        raise ConfigError(
            "the search arm has nothing to search: the space is empty",
            path="search.space",
            value={},
        )
    initial_points.check_points(config, known=started)
    if needs_space and config.search.initial_points:
        from mtl_search.search.space import initial_params  # it imports Optuna

        fixed = {task: settings.loss_weight for task, settings in config.tasks.items()}
        initial_params.searched_weights(space.entries, fixed, fixed)
    return network


def _check_objective(config: Config, network: MultiTaskNetwork) -> None:
    if objective_function(config) is not None:
        return
    check_objective(config.search.objective, metric_names(config, network))


def _check_labels(config: Config, data: DataSet) -> None:
    """A task without a label to train on, or to be judged by, would fail in every trial; one label teaches nothing."""
    for name, task in config.tasks.items():
        if only := _only_label(data, task.target or name):
            what = f"there is nothing to learn, all its labels are {only}"
            raise ConfigError(what, path=f"tasks.{name}.target", value=task.target or name)
        labelled = data.targets[task.target or name].labelled
        has_finalists = bool(config.search.finalists.top) and name in config.main_tasks
        for split in SPLITS if has_finalists else SPLITS[:2]:
            if not labelled[data.splits[split]].any():
                what = f"the {split} split has no label of this target"
                if split == "test":
                    what += ", so no finalist could be judged (none: search.finalists.top=0)"
                raise ConfigError(what, path=f"tasks.{name}.target", value=task.target or name)


def _only_label(data: DataSet, name: str) -> str:
    """The class that all samples have, or the number that all train samples have; empty where there are several."""
    target = data.targets[name]
    if target.kind == "class":
        return repr(target.classes[0]) if len(target.classes) == 1 else ""
    if target.kind != "real":
        return ""
    known = target.values[data.splits["train"]]
    known = known[~np.isnan(known)]
    return f"{known[0]:g}" if len(known) and known.min() == known.max() else ""


def _build(config: Config, data: DataSet) -> MultiTaskNetwork:
    """Network, optimiser and schedule of a config, with a random state that leaves no trace.

    Raises:
        ConfigError: They cannot be built; also where torch or a member of the user's fails in a way of its own.
    """
    try:
        with torch.random.fork_rng(devices=[]):
            network = build_network(config, data)
        metric_names(config, network)
        optimizer = build_optimizer(
            config.training.optimizer, parameter_groups(network, config.training)
        )
        build_schedule(config.training.schedule, optimizer, config.training.epochs)
        weighting = build_weighting(config.training, len(config.tasks), _CPU)
        aggregator = build_aggregator(config.training, len(config.tasks), _CPU)
        acceleration.check_acceleration(config.training, network, weighting, aggregator)
    except MtlSearchError:
        raise
    except Exception as error:  # the cause stays chained, for `--debug` and for Python
        raise ConfigError(
            f"this network cannot be built ({type(error).__name__}: {error})", path="model"
        ) from error
    return network
