"""The data sets that searches are compared on, made small, and the searches."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtl_search.config import Config, load_config, override
from mtl_search.config.schema import SearchConfig
from mtl_search.data import DataSet, load_data
from tests.support.repository import REPOSITORY

# Both searches of a case are without single-task arms and finalists, and quiet.
_COMMON: dict[str, Any] = {
    "search.finalists.top": 0,
    "tracking.enabled": False,
    "training.train_metrics": False,
}


@dataclass(frozen=True)
class Case:
    """Describe a data set with the config of its sweeps.

    Attributes:
        title: What it is.
        source: A config of the repository, or `planted:<row>` of `tests.benchmarks.planted_sets`.
        trials: The number of trials of a search, over all its arms.
        overrides: What makes a trial of it short.
    """

    title: str
    source: str
    trials: int
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def load(self, seed: int) -> tuple[Config, DataSet]:
        """Return the config and the data of a seed, which also draws the splits."""
        if self.source.startswith("planted:"):
            return self._planted(seed)
        config = load_config(REPOSITORY / "configs" / self.source, {**self.overrides, "seed": seed})
        return config, load_data(config)

    def _planted(self, seed: int) -> tuple[Config, DataSet]:
        rows: Any = importlib.import_module("tests.benchmarks.planted_sets.rows")
        planted = rows.ROWS[self.source.removeprefix("planted:")].draw(seed)
        return override(planted.config, dict(self.overrides)), planted.data()


CASES: dict[str, Case] = {
    "digits": Case(
        "digit pairs",
        "digit_pairs.yaml",
        trials=24,
        overrides={"data.train": 500, "data.validation": 500, "training.epochs": 6},
    ),
    "faces": Case(
        "faces",
        "faces.yaml",
        trials=24,
        overrides={"training.epochs": 12, "model.backbone.channels": [8, 16, 32]},
    ),
    "penguins": Case("penguins", "penguins.yaml", trials=32, overrides={"training.epochs": 20}),
    "census": Case(
        "census",
        "census.yaml",
        trials=24,
        overrides={
            "training.max_samples_per_split": 6000,
            "training.epochs": 6,
            "training.batch_size": 256,
            "model.backbone.widths": [64, 64, 32],
        },
    ),
    "related": Case("planted: related tasks", "planted:related", trials=32),
    "noisy": Case("planted: one noisy task of two", "planted:noisy", trials=32),
}

RANDOM = "random"
OWN = "own default"

# Name of a search → its overrides. `own default` has the sampler and the scheduler that a config
# without either has, and begins with the equal arm, as every sweep does.
METHODS: dict[str, dict[str, Any]] = {
    OWN: {"search.arms": ["equal", "search"]},
    RANDOM: {"search.arms": ["search"], "search.sampler": "random", "search.scheduler": "fifo"},
}


def sweep_config(config: Config, method: Mapping[str, Any], trials: int) -> Config:
    """Return the config of one search.

    Args:
        config: The config of the case.
        method: The overrides of the search.
        trials: The number of trials over all its arms.
    """
    defaults = SearchConfig()
    settings: dict[str, Any] = {
        **_COMMON,
        "search.sampler": defaults.sampler.model_dump(),
        "search.scheduler": defaults.scheduler.model_dump(),
        "search.objective": defaults.objective,
        **method,
        "training.max_samples_per_split": None,  # the data of a case are small already
    }
    changed = override(config, settings)
    return override(changed, {"search.trials": max(1, trials // len(changed.search.arms))})
