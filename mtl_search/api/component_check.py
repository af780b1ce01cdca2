"""Check the names and arguments of a config's components before torch, Ray or Optuna is loaded.

The tables of names and the source of their members are enough. Values, data and networks are
checked later, by `search.preflight`, which builds them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mtl_search.config import Component, Config
from mtl_search.config.checks import check_component
from mtl_search.config.consistency import check_task_names
from mtl_search.config.sections.task import TaskConfig
from mtl_search.data.datasets import DATASETS
from mtl_search.data.datasets.build import refuse_handed_over
from mtl_search.data.mixture import SAMPLING
from mtl_search.errors import ConfigError
from mtl_search.metrics.objective import check_objective
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.heads import check_head, default_metrics
from mtl_search.models.sharing import SHARING
from mtl_search.registry import Registry, import_attribute
from mtl_search.search.initial_points import check_points
from mtl_search.search.samplers import SAMPLERS
from mtl_search.search.schedulers import SCHEDULERS
from mtl_search.search.space.boundary import check_ends
from mtl_search.search.space.space import space_of
from mtl_search.source import find_file, read_module
from mtl_search.source.module_path import check_not_hidden
from mtl_search.training.balancing import check_balancing
from mtl_search.training.optimizers import OPTIMIZERS, SCHEDULES

_KORNIA = "kornia.augmentation"


def check_components(config: Config, *, started: bool = False, has_data: bool = False) -> None:
    """Refuse unknown names and arguments, also those at the ends of the search space.

    Args:
        config: The sweep's config.
        started: Whether the sweep has begun before, so that what it began with may be gone.
        has_data: Whether a data set stands in for the one that the config names.

    Raises:
        ConfigError: The first thing that is wrong.
    """
    check_task_names(config)
    _check_parts(config, has_data=has_data)
    if ":" in config.search.objective:
        _check_module(config.search.objective, "search.objective")
    elif config.search.objective != "delta_m":
        metrics = {task: default_metrics(section) for task, section in config.tasks.items()}
        check_objective(config.search.objective, metrics)
    check_ends(config, space_of(config), partial(_check_parts, has_data=has_data))
    if not started:
        check_points(config, build=False)


def _check_parts(config: Config, *, has_data: bool) -> None:
    """Check the components of a config.

    Ours come first: a component of the user's may have to be imported, which may load anything.
    """
    checks = list(_checks(config, has_data))
    for is_users in (False, True):
        for components, check in checks:
            if any(":" in component.name for component in components) == is_users:
                check()


def _checks(config: Config, has_data: bool) -> Iterator[tuple[list[Component], partial[None]]]:
    """Yield the components of a config with what checks them."""
    if not has_data:
        yield [config.data], partial(_check_data, config.data, "data")
    for name, task in _different_tasks(config).items():
        parts = [task.head] if task.loss is None else [task.head, task.loss]
        yield parts, partial(_check_task, name, config)
    training = config.training
    balancing = [training.weighting, *([training.aggregator] if training.aggregator else [])]
    yield balancing, partial(check_balancing, training)
    families: list[tuple[Registry[Any], Component | None, str]] = [
        (BACKBONES, config.model.backbone, "model.backbone"),
        (SHARING, config.model.sharing, "model.sharing"),
        (OPTIMIZERS, training.optimizer, "training.optimizer"),
        (SCHEDULES, training.schedule, "training.schedule"),
        (SAMPLERS, config.search.sampler, "search.sampler"),
        (SCHEDULERS, config.search.scheduler, "search.scheduler"),
    ]
    for registry, component, path in families:
        if component is not None:
            check = partial(registry.check_arguments, component.name, component.arguments, path)
            yield [component], check
    for number, component in enumerate(config.model.augment):
        yield [component], partial(_check_augment, component, f"model.augment.{number}")


def _different_tasks(config: Config) -> dict[str, TaskConfig]:
    """Return the first of all tasks with the same head, loss and metrics, one for each of these."""
    different: dict[str, str] = {}
    for name, task in config.tasks.items():
        parts = task.model_dump_json(include={"head", "loss", "metrics"})
        different.setdefault(parts, name)
    return {name: config.tasks[name] for name in different.values()}


def _check_task(task: str, config: Config) -> None:
    section = config.tasks[task]
    if section.loss is not None and ":" in section.loss.name:
        _check_module(section.loss.name, f"tasks.{task}.loss.name")
    check_head(task, section)


def _check_data(component: Component, path: str) -> None:
    refuse_handed_over(component)
    if ":" in component.name:
        _check_module(component.name, f"{path}.name")
        # What the name stands for may be a data set instead of a function.
        definition = DATASETS.definition(component.name)
        if definition is None or definition.parameters() is None:
            return
    arguments = component.arguments
    if "seed" in DATASETS.arguments(component.name, path):
        arguments.setdefault("seed", 0)  # `build_data` supplies one where the config does not
    DATASETS.check_arguments(component.name, arguments, path)
    if component.name != "sources":
        return
    policy = check_component(component.arguments.get("sampling", "proportional"), "data.sampling")
    SAMPLING.check_arguments(policy.name, policy.arguments, "data.sampling")
    sources = component.arguments["sources"]
    if isinstance(sources, Mapping):
        for name, value in sources.items():
            _check_data(check_component(value, f"{path}.sources.{name}"), f"{path}.sources.{name}")


def _check_augment(component: Component, path: str) -> None:
    if ":" in component.name:
        _check_module(component.name, f"{path}.name")
        return
    module = read_module(_KORNIA)
    if module is None:
        return  # not installed, which is told when it is imported
    names = [name for name in module.imported_names() if _is_augmentation(name)]
    if component.name not in names:
        message = "kornia has no augmentation of this name"
        raise ConfigError(message, path=path, value=component.name, allowed=sorted(names))
    table = {name: f"{_KORNIA}:{name}" for name in names}
    registry: Registry[Any] = Registry("augmentation", table)
    registry.check_arguments(component.name, component.arguments, path)


def _is_augmentation(name: str) -> bool:
    return name.startswith("Random") or name == "ColorJiggle"


def _check_module(name: str, path: str) -> None:
    """Refuse `module:attribute` whose module does not exist; an existing one is imported later."""
    module = name.partition(":")[0]
    check_not_hidden(module, path)
    if module not in sys.modules and find_file(module) is None:
        import_attribute(name, path)
