"""A sweep made small: all its arms, networks, heads and losses, and next to no training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.config import Config, load_config, override
from mtl_search.config.schema import HANDED_OVER
from mtl_search.data.datasets import DATASETS

_EPOCHS = 1
# Samples of each split: two batches, for large networks train on small ones. Fewer leave rare
# classes out, and metrics such as AUROC undefined.
_BATCHES = 2
_LEAST, _MOST = 64, 128


def smoke(config: Config | Mapping[str, Any]) -> Config:
    """Make a sweep small enough for a minute or so, to see that everything in it works.

    It trains one epoch of two batches, of 64 samples at least and 128 at most; one trial a main
    task (2 at least, and enough for `search.initial_points`) in each arm, one finalist an arm on 2
    seeds, and on 2 further random splits where the sweep has any. No trial is stopped early, since
    one epoch leaves a scheduler nothing to decide. A data set that takes long to read says itself
    how it is read in part, by its attribute `smoke`. The name gets `-smoke` at its end, so that
    folders and MLflow experiments stay apart.

    Args:
        config: The config of the whole sweep, or its content as a mapping.

    Raises:
        ConfigError: There is no such data set.

    Examples:
        >>> import mtl_search
        >>> config = mtl_search.load_config("configs/quickstart.yaml")
        >>> small = mtl_search.smoke(config)
        >>> small.name, small.training.epochs
        ('quickstart-smoke', 1)
    """
    if not isinstance(config, Config):
        config = load_config(config)
    search, training = config.search, config.training
    samples = min(_MOST, max(_LEAST, _BATCHES * training.batch_size))
    trials = max(2, len(config.main_tasks), 1 + len(search.initial_points))
    changes: dict[str, Any] = {
        "name": f"{config.name}-smoke",
        "training.epochs": _EPOCHS,
        "training.max_samples_per_split": min(samples, training.max_samples_per_split or samples),
        "search.trials": min(trials, search.trials),
        "search.scheduler": "fifo",
        "search.finalists.top": min(1, search.finalists.top),
        "search.finalists.seeds": 2,
        "search.finalists.max_seeds": 2,
        "search.finalists.splits": min(2, search.finalists.splits),
    }
    if config.data.name != HANDED_OVER:
        reading = getattr(DATASETS.get_member(config.data.name, "data.name"), "smoke", {})
        changes.update({f"data.{argument}": value for argument, value in reading.items()})
    return override(config, changes)
