"""What the search arm tries first, after equal weights: the points of `search.initial_points`.

{left: 2, right: 1}   these loss weights; a task that is left out counts 1
runs/earlier          the mean weights of the best adaptive trial of an earlier sweep
uw                    the mean weights of one trial with this weighting, which the arm `warmup/uw` runs before the search

A point is a trial like any other to the sampler: it is enqueued, and what the point does not say is drawn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from mtl_search.analysis import loss_weights
from mtl_search.config import Component, Config
from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import WARMUP, SweepRecord
from mtl_search.storage.sweep_directory import JOURNAL
from mtl_search.training.balancing import WEIGHTINGS

logger = logging.getLogger(__name__)

PATH = "search.initial_points"

Weights = dict[str, float]


def weightings(config: Config) -> list[str]:
    """The weightings that are to run one trial each before the search begins."""
    return [
        point
        for point in config.search.initial_points
        if isinstance(point, str) and _is_weighting(point)
    ]


def member(config: Config, name: str) -> Component:
    """A weighting by name, with the config's arguments where it is the config's own."""
    own = config.training.weighting
    return own if own.name == name else Component(name=name)


def check_points(config: Config, *, known: bool = False, build: bool = True) -> None:
    """Refuse points that nothing can be made of, before anything trains.

    Args:
        config: The sweep's config.
        known: Whether the points are in the journal already, so that earlier sweeps are no longer
            needed.
        build: Whether weightings are built, which imports torch, or only their names and arguments
            are checked.

    Raises:
        ConfigError: The first that is wrong.
    """
    points = config.search.initial_points
    if points and "search" not in config.search.arms:
        raise ConfigError(
            "only the search arm begins with points",
            path=PATH,
            value=[*points],
            allowed=["nothing"],
        )
    for number, point in enumerate(points):
        where = f"{PATH}[{number}]"
        if not isinstance(point, str):
            _check_weights(point, config, where)
        elif _is_weighting(point):
            if point in points[:number]:
                raise ConfigError("this weighting is there already", path=where, value=point)
            _check_weighting(point, config, where, build)
        elif not known:
            _of_sweep(point, config, where)
    if build and points and len(points) >= config.search.trials:
        text = "search.trials is %d: not all of equal weights and the %d points of search.initial_points will be tried"
        logger.warning(text, config.search.trials, len(points))


def resolve_points(config: Config, record: SweepRecord) -> list[Weights]:
    """The loss weights of every point, in order; of a weighting by the trial of its arm in the record.

    A weighting whose trial has failed has no weights: it is left out, with a line in the log.
    """
    return [point for point in _resolved(config, record) if point is not None]


def _resolved(config: Config, record: SweepRecord) -> Iterator[Weights | None]:
    for number, point in enumerate(config.search.initial_points):
        where = f"{PATH}[{number}]"
        if not isinstance(point, str):
            yield {task: point.get(task, 1.0) for task in config.tasks}
        elif _is_weighting(point):
            yield _of_arm(WARMUP + point, record, where)
        else:
            yield _of_sweep(point, config, where)


def _is_weighting(name: str) -> bool:
    return name in WEIGHTINGS or ":" in name


def _check_weights(point: Mapping[str, float], config: Config, where: str) -> None:
    for task, weight in point.items():
        if task not in config.tasks:
            raise ConfigError(
                "there is no task of this name", path=where, value=task, allowed=config.tasks
            )
        if not weight > 0:
            raise ConfigError("a weight above 0 is needed", path=f"{where}.{task}", value=weight)


def _check_weighting(name: str, config: Config, where: str, build: bool) -> None:
    weighting = member(config, name)
    if not build:
        WEIGHTINGS.check_arguments(name, weighting.arguments, where)
        return
    import torch

    from mtl_search.training.balancing.build import build_weighting

    training = config.training.model_copy(update={"weighting": weighting})
    try:
        made = build_weighting(training, len(config.tasks), torch.device("cpu"))
    except ConfigError as error:
        raise error.at(where) from error
    if made is None:
        raise ConfigError(
            "all tasks count alike with it, as in the first trial anyway", path=where, value=name
        )


def _of_arm(arm: str, record: SweepRecord, where: str) -> Weights | None:
    """The mean weights of a seed arm's trial."""
    for trial in record.arm(arm):
        if trial.state != "FAIL":
            try:
                return loss_weights.mean_weights(trial)
            except SweepError as error:
                logger.warning("%s is left out: %s", where, error)
                return None
        logger.warning("%s is left out: trial %s failed: %s", where, trial.id, trial.reason)
    return None


def _of_sweep(folder: str, config: Config, where: str) -> Weights:
    """The mean weights of the best adaptive trial of an earlier sweep; where it has none, of its best one.

    Raises:
        ConfigError: There is no such sweep, it has nothing to give, or it has other tasks.
    """
    record = _read(folder, where)
    trial = loss_weights.best_adaptive(record)
    if trial is None:
        static = [
            t for t in record if t.arm in ("equal", "search") and t.best_objective > float("-inf")
        ]
        trial = max(static, key=lambda t: t.best_objective, default=None)
        if trial is None:
            raise ConfigError(
                "no trial of that sweep has weights to begin with", path=where, value=folder
            )
        logger.info("%s: no trial of %s is adaptive; its best has static weights", where, folder)
    found = loss_weights.mean_weights(trial)
    for task in found:
        if task not in config.tasks:
            what = f"that sweep has a task {task!r}, which is none of this one"
            raise ConfigError(what, path=where, value=folder, allowed=config.tasks)
    return {task: found.get(task, 1.0) for task in config.tasks}


def _read(folder: str, where: str) -> SweepRecord:
    try:
        if (Path(folder) / JOURNAL).is_file():
            return read_record(Path(folder) / JOURNAL)
    except (OSError, ValueError):  # what cannot be a path, such as a name that is too long
        pass
    except SweepError as error:
        raise ConfigError(str(error), path=where, value=folder) from error
    what = "neither the folder of a sweep (with a journal.jsonl in it) nor a weighting"
    raise ConfigError(what, path=where, value=folder, allowed=WEIGHTINGS)
