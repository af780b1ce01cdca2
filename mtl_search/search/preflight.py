"""All that can be wrong with a sweep, checked before anything trains.

Names, arguments and networks are tried out at all ends of the space.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mtl_search.config import Config
from mtl_search.config.consistency import check_task_names, check_task_weights
from mtl_search.data import DataSet
from mtl_search.data.datasets.partitions import check_partitions
from mtl_search.data.preparation.contract import check_own_preparation
from mtl_search.errors import ConfigError, MtlSearchError
from mtl_search.metrics.objective import check_objective
from mtl_search.metrics.own_check import check_own_metrics, own_metrics
from mtl_search.models.build import build_network
from mtl_search.models.contracts.network import check_own_parts
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.search import initial_points
from mtl_search.search.checks.batch_norm import check_batch_norm
from mtl_search.search.checks.labels import check_labels
from mtl_search.search.checks.leaks import tell_leaks
from mtl_search.search.checks.pairs import check_pair_measures
from mtl_search.search.contracts.objective import check_objective_function
from mtl_search.search.contracts.sampler import check_own_sampler
from mtl_search.search.contracts.scheduler import check_own_scheduler
from mtl_search.search.objectives import objective_function
from mtl_search.search.pbt.algorithm import check_population
from mtl_search.search.samplers import check_sampler
from mtl_search.search.schedulers import pbt_config
from mtl_search.search.space.boundary import check_ends
from mtl_search.search.space.initial_params import WeightPoint
from mtl_search.search.space.space import space_of
from mtl_search.storage.arm_name import SEARCH
from mtl_search.training import acceleration
from mtl_search.training.balancing import (
    build_aggregator,
    build_weighting,
    check_own_balancing,
)
from mtl_search.training.distributed.sync_batch_norm import check_sync_batch_norm
from mtl_search.training.evaluator import metric_names
from mtl_search.training.metric_scales import SweepScales, metric_scales
from mtl_search.training.optimizers import (
    build_optimizer,
    build_schedule,
    check_own_optimizer,
    check_own_schedule,
    parameter_groups,
)

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Preflight:
    """Hold what a check has worked out, for the sweep not to do it again.

    Attributes:
        network: The network as the config has it, without anything searched.
        metrics: Task → names of its metrics, auxiliary tasks included.
        scales: The scales of these metrics.
    """

    network: MultiTaskNetwork
    metrics: dict[str, tuple[str, ...]]
    scales: SweepScales


def check_sweep(
    config: Config,
    data: DataSet,
    *,
    needs_space: bool = True,
    started: bool = False,
    handed_over: bool = False,
) -> Preflight:
    """Build everything once, train nothing.

    Args:
        config: The sweep's config.
        data: Its data set.
        needs_space: Whether an empty space is an error; it is none where a function of the user's
            takes its place.
        started: Whether the journal has the points that the search begins with.
        handed_over: Whether the data set is an object of the user's, in place of the config's.

    Returns:
        What has been worked out.

    Raises:
        ConfigError: Something is wrong; the first mistake is named.
    """
    check_task_names(config)
    check_pair_measures(config)
    check_task_weights(config)
    check_sampler(config.search.sampler, config.seed % 2**32)
    check_own_sampler(config.search.sampler, config.seed % 2**32)
    if pbt_config(config) is not None:  # which checks the scheduler, too
        check_population(config, needs_space=needs_space)
    check_own_scheduler(config)
    check_own_preparation(data)
    network = _build(config, data)
    _check_objective(config, network)
    check_labels(config, data)
    tell_leaks(data)
    metrics = metric_names(config, network)
    own = own_metrics(config)
    check_own_metrics(config, data.targets, own)
    scales = metric_scales(config, data, metrics, own)
    if (function := objective_function(config)) is not None:
        check_objective_function(function, metrics, scales.values)
    _check_objective_is_defined(config, scales)
    check_partitions(config, data, handed_over=handed_over)
    if config.resources.workers > 1:
        device = torch.device("cuda") if config.resources.gpus_per_worker else _CPU
        check_sync_batch_norm(config, device)
    space = space_of(config)
    check_ends(config, space, lambda changed: _build(changed, data))
    if needs_space and not config.search.space and SEARCH in config.search.arms:
        raise ConfigError(
            "the search arm has nothing to search: the space is empty",
            path="search.space",
            value={},
        )
    initial_points.check_points(config, known=started)
    if needs_space and config.search.initial_points:
        fixed = {task: settings.loss_weight for task, settings in config.tasks.items()}
        WeightPoint(fixed, fixed).searched(space.entries)
    return Preflight(network, metrics, scales)


def _check_objective(config: Config, network: MultiTaskNetwork) -> None:
    if objective_function(config) is not None:
        return
    check_objective(config.search.objective, metric_names(config, network))


def _check_objective_is_defined(config: Config, scales: SweepScales) -> None:
    """Refuse a metric as the objective that the labels leave undefined."""
    kind = config.search.objective
    reason = scales.undefined.get(kind.removeprefix("val/")) if kind.startswith("val/") else None
    if reason is not None:
        raise ConfigError(
            f"this metric cannot be the objective: {reason}; choose another, or split otherwise",
            path="search.objective",
            value=kind,
        )


def _build(config: Config, data: DataSet) -> MultiTaskNetwork:
    """Build network, optimiser and schedule of a config; the random state stays as it was.

    Raises:
        ConfigError: They cannot be built, also where torch or code of the user's raises an error of
            its own.
    """
    try:
        with torch.random.fork_rng(devices=[]):
            network = build_network(config, data)
            check_own_parts(config, network, data)
        metric_names(config, network)
        optimizer = build_optimizer(
            config.training.optimizer, parameter_groups(network, config.training)
        )
        build_schedule(config.training.schedule, optimizer, config.training.epochs)
        check_own_optimizer(config.training.optimizer)
        check_own_schedule(config.training.schedule, config.training.epochs)
        check_own_balancing(config.training, len(config.tasks))
        weighting = build_weighting(config.training, len(config.tasks), _CPU)
        aggregator = build_aggregator(config.training, len(config.tasks), _CPU)
        acceleration.check_acceleration(config.training, network, weighting, aggregator)
        check_batch_norm(config, data, network)
    except MtlSearchError:
        raise
    except Exception as error:  # the cause stays chained, for `--debug` and for Python
        raise ConfigError(
            f"this network cannot be built ({type(error).__name__}: {error})", path="model"
        ) from error
    return network
