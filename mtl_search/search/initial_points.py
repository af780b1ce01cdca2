"""The points of `search.initial_points`: what the search arm tries first.

Equal weights come before them where there is no arm `equal`, whose trials the search begins with.

{left: 2, right: 1}   these loss weights; a task that is left out counts 1
runs/earlier          the mean weights of the best adaptive trial of an earlier sweep
uw                    the mean weights of one trial with this weighting, which the arm `warmup/uw`
                      runs before the search

A point is a trial like any other to the sampler: it is enqueued, and all other values are drawn.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from mtl_search.analysis import loss_weights
from mtl_search.config import Component, Config
from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.arm_name import EQUAL, SEARCH, SHARED, ArmName
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import JOURNAL
from mtl_search.training.balancing import WEIGHTINGS

logger = logging.getLogger(__name__)

PATH = "search.initial_points"

Weights = dict[str, float]


def warmup_weightings(config: Config) -> list[str]:
    """Return the weightings that run one trial each before the search begins."""
    points = config.search.initial_points
    return [point for point in points if isinstance(point, str) and _is_weighting(point)]


def weighting_component(config: Config, name: str) -> Component:
    """Return a weighting by name, with the config's arguments where it is the config's own."""
    configured = config.training.weighting
    return configured if configured.name == name else Component(name=name)


def check_points(config: Config, *, known: bool = False, build: bool = True) -> None:
    """Refuse points that give no weights, before anything trains.

    Args:
        config: The sweep's config.
        known: Whether the points are in the journal already, so that earlier sweeps are no
            longer needed.
        build: Whether weightings are built, which imports torch, or only their names and arguments
            are checked.

    Raises:
        ConfigError: A point is wrong; the first one is named.
    """
    points = config.search.initial_points
    if points and SEARCH not in config.search.arms:
        raise ConfigError(
            "only the search arm begins with points",
            path=PATH,
            value=[*points],
            allowed=["nothing"],
        )
    for number, point in enumerate(points):
        path = f"{PATH}[{number}]"
        if not isinstance(point, str):
            _check_weights(point, config, path)
        elif _is_weighting(point):
            if point in points[:number]:
                raise ConfigError("this weighting is there already", path=path, value=point)
            _check_weighting(point, config, path, build)
        elif not known:
            _weights_of_sweep(point, config, path)
    first = 0 if EQUAL in config.search.arms else 1  # equal weights come first
    if build and points and first + len(points) > config.search.trials:
        text = "search.trials is %d: not all of the %d points of search.initial_points%s are tried"
        before = ", which come after equal weights," if first else ""
        logger.warning(text, config.search.trials, len(points), before)


def resolve_points(config: Config, record: SweepRecord) -> list[Weights]:
    """Return the loss weights of every point, in order.

    Those of a weighting come from the trial of its arm in the record. A weighting whose trial has
    failed has no weights: it is left out, with a line in the log.

    Args:
        config: The sweep's config.
        record: The sweep's trials so far.
    """
    resolved = []
    for number, point in enumerate(config.search.initial_points):
        path = f"{PATH}[{number}]"
        weights: Weights | None
        if not isinstance(point, str):
            weights = {task: point.get(task, 1.0) for task in config.tasks}
        elif _is_weighting(point):
            weights = _weights_of_arm(ArmName.warmup(point), record, path)
        else:
            weights = _weights_of_sweep(point, config, path)
        if weights is not None:
            resolved.append(weights)
    return resolved


def _is_weighting(name: str) -> bool:
    return name in WEIGHTINGS or ":" in name


def _check_weights(point: Mapping[str, float], config: Config, path: str) -> None:
    for task, weight in point.items():
        if task not in config.tasks:
            raise ConfigError(
                "there is no task of this name", path=path, value=task, allowed=config.tasks
            )
        if not weight > 0:
            raise ConfigError("a weight above 0 is needed", path=f"{path}.{task}", value=weight)


def _check_weighting(name: str, config: Config, path: str, build: bool) -> None:
    component = weighting_component(config, name)
    if not build:
        WEIGHTINGS.check_arguments(name, component.arguments, path)
        return
    import torch

    from mtl_search.training.balancing.build import build_weighting

    training = config.training.model_copy(update={"weighting": component})
    try:
        weighting = build_weighting(training, len(config.tasks), torch.device("cpu"))
    except ConfigError as error:
        raise error.at(path) from error
    if weighting is None:
        raise ConfigError(
            "all tasks count alike with it, as in the first trial anyway", path=path, value=name
        )


def _weights_of_arm(arm: ArmName, record: SweepRecord, path: str) -> Weights | None:
    """Return the mean weights of a warm-up's trial; None where it has none."""
    for trial in record.arm(arm):
        if trial.state != "FAIL":
            try:
                return loss_weights.mean_weights(trial)
            except SweepError as error:
                logger.warning("%s is left out: %s", path, error)
                return None
        logger.warning("%s is left out: trial %s failed: %s", path, trial.id, trial.reason)
    return None


def _weights_of_sweep(folder: str, config: Config, path: str) -> Weights:
    """Return the mean weights of the best adaptive trial of an earlier sweep.

    Where it has no adaptive trial, they are those of its best one.

    Raises:
        ConfigError: There is no such sweep, it has no weights to give, or it has other tasks.
    """
    record = _read(folder, path)
    trial = loss_weights.best_adaptive(record)
    if trial is None:
        ranked = [t for t in record if t.arm in SHARED and t.best_objective > float("-inf")]
        trial = max(ranked, key=lambda t: t.best_objective, default=None)
        if trial is None:
            raise ConfigError(
                "no trial of that sweep has weights to begin with", path=path, value=folder
            )
        logger.info("%s: no trial of %s is adaptive; its best has static weights", path, folder)
    weights = loss_weights.mean_weights(trial)
    for task in weights:
        if task not in config.tasks:
            problem = f"that sweep has a task {task!r}, which is none of this one"
            raise ConfigError(problem, path=path, value=folder, allowed=config.tasks)
    return {task: weights.get(task, 1.0) for task in config.tasks}


def _read(folder: str, path: str) -> SweepRecord:
    try:
        journal = Path(folder).expanduser() / JOURNAL
        if journal.is_file():
            return read_record(journal)
    except SweepError as error:
        raise ConfigError(str(error), path=path, value=folder) from error
    except (OSError, ValueError, RuntimeError):  # no path: too long a name, an unknown `~user`
        pass
    problem = "neither the folder of a sweep (with a journal.jsonl in it) nor a weighting"
    raise ConfigError(problem, path=path, value=folder, allowed=WEIGHTINGS)
