"""Score a linear and a gradient-boosted model on each main task whose inputs are a table."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import torch

from mtl_search.config import Config
from mtl_search.data import DataSet, Target
from mtl_search.data.types import Array
from mtl_search.metrics.compute import compute
from mtl_search.metrics.definitions import is_higher_better
from mtl_search.metrics.metric_key import metric_key
from mtl_search.metrics.own import OwnMetric
from mtl_search.metrics.own_check import own_metrics
from mtl_search.search.baselines import models
from mtl_search.search.baselines.inputs import TableInputs, table_inputs
from mtl_search.search.baselines.models import MODELS, PENALTIES, Recipe
from mtl_search.storage.events import BaselineScored
from mtl_search.storage.journal import Journal, finite

logger = logging.getLogger(__name__)

_SPLITS = {"val": "validation", "test": "test"}


def write_baselines(
    journal: Journal, config: Config, data: DataSet, metrics: Mapping[str, Sequence[str]]
) -> None:
    """Score the baselines that the journal does not have yet, and write each to it.

    Args:
        journal: The sweep's journal.
        config: The sweep's config.
        data: The data set.
        metrics: Main task → names of its metrics, the first selects.
    """
    if not config.report.reference:
        return
    scored = journal.record.baselines
    done = {(task, model) for task, by_model in scored.items() for model in by_model}
    for event in tabular_baselines(config, data, metrics, done=done):
        journal.write(event)


def tabular_baselines(
    config: Config,
    data: DataSet,
    metrics: Mapping[str, Sequence[str]],
    *,
    done: Collection[tuple[str, str]] = (),
) -> Iterator[BaselineScored]:
    """Yield the scores of each model on each main task whose inputs are a table.

    Models are trained on the training split, at most 20,000 rows of it, with one thread. One that
    takes longer than two minutes, or all together than five, is given up between two fits. The
    penalty of the linear model is the one whose first metric is best on the validation split. A
    model that fails yields the reason in place of metrics, with a line in the log.

    Args:
        config: The sweep's config.
        data: The data set.
        metrics: Main task → names of its metrics, the first selects.
        done: Pairs of a task and a model that are left out.

    Examples:
        >>> import numpy as np
        >>> from mtl_search.config import load_config
        >>> from mtl_search.data import DataSet, Target
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> rows = np.arange(300)
        >>> data = DataSet(
        ...     inputs={"x": x},
        ...     targets={"sum": Target(x.sum(1), "real")},
        ...     splits={"train": rows[:200], "validation": rows[200:250], "test": rows[250:]},
        ... )
        >>> tree = {"name": "a", "data": "arrays", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"sum": {"head": "regression"}}})
        >>> for event in tabular_baselines(config, data, {"sum": ["r2"]}):
        ...     print(event.model, round(event.metrics["test/sum/r2"], 1))
        linear 1.0
        gradient_boosting 0.9
    """
    own = own_metrics(config)
    end = time.monotonic() + models.SECONDS_IN_ALL
    for task, names in metrics.items():
        missing = [model for model in MODELS if (task, model) not in done]
        inputs = table_inputs(config, data, task) if missing else None
        if inputs is None:
            continue
        target = data.targets[config.tasks[task].target or task]
        scored_task = _Task(task, names, target, inputs, own)
        for model in missing:
            deadline = min(end, time.monotonic() + models.SECONDS)
            yield _scored(data, scored_task, Recipe(model, config.seed, deadline))


@dataclass(frozen=True)
class _Task:
    """A main task whose inputs are a table."""

    name: str
    metrics: Sequence[str]
    target: Target
    inputs: TableInputs
    own: Mapping[str, OwnMetric]

    @property
    def directions(self) -> dict[str, bool]:
        """The metrics of the user's, with their direction."""
        return {name: metric.higher_is_better for name, metric in self.own.items()}


def _scored(data: DataSet, task: _Task, recipe: Recipe) -> BaselineScored:
    model = recipe.model
    began = time.monotonic()
    values: dict[str, float] = {}
    reason = ""
    try:
        with models.one_quiet_thread():
            values = finite(_best_metrics(data, task, recipe))
    except Exception as error:  # noqa: BLE001  # a reference must never end the sweep
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        shown = model.replace("_", " ")
        logger.warning("no %s reference for task %s: %s", shown, task.name, reason)
    seconds = time.monotonic() - began
    return BaselineScored(
        task=task.name, model=model, metrics=values, seconds=seconds, reason=reason
    )


def _best_metrics(data: DataSet, task: _Task, recipe: Recipe) -> dict[str, float]:
    """Return the metrics of the model; of the linear one, with its best penalty."""
    tried = []
    for penalty in PENALTIES if recipe.model == "linear" else (1.0,):
        with suppress(TimeoutError):  # what was tried before it counts
            with_penalty = replace(recipe, penalty=penalty)
            fitted = models.fit(task.inputs, task.target, data.splits["train"], with_penalty)
            predictions = {
                short: models.predict(task.inputs, data.splits[split], fitted)
                for short, split in _SPLITS.items()
            }
            tried.append(_metrics(data, task, predictions))
    if not tried:
        raise TimeoutError("it takes too long")
    return max(tried, key=lambda metrics: _selected(metrics, task))


def _selected(metrics: Mapping[str, float], task: _Task) -> float:
    """Return the validation value of the first metric so that higher is better."""
    first = task.metrics[0]
    value = metrics[metric_key("val", task.name, first)]
    if not math.isfinite(value):
        return -math.inf
    return value if is_higher_better(first, task.directions) else -value


def _metrics(data: DataSet, task: _Task, predictions: Mapping[str, Array]) -> dict[str, float]:
    """Return `val/<task>/<metric>` and `test/<task>/<metric>`."""
    target = task.target
    metrics = {}
    for split, prediction in predictions.items():
        labels = torch.from_numpy(target.values[data.splits[_SPLITS[split]]])
        for name in task.metrics:
            metrics[metric_key(split, task.name, name)] = compute(
                task.own.get(name, name),
                torch.from_numpy(prediction),
                labels,
                target.kind,
                target.size,
                names=target.classes,
            )
    return metrics
