"""A tiny data set with every kind of target, and a config that fits it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from mtl_search.config import Config, load_config
from mtl_search.data import DataSet, Target

SAMPLES = 40


def data() -> DataSet:
    """Views `x` and `y` (40, 6); targets of each kind; 20, 10 and 10 samples."""
    rng = np.random.default_rng(0)
    kind = rng.integers(-1, 3, SAMPLES)
    size = rng.normal(size=SAMPLES)
    size[::7] = np.nan
    return DataSet(
        inputs={"x": rng.normal(size=(SAMPLES, 6)), "y": rng.normal(size=(SAMPLES, 6))},
        targets={
            "kind": Target(kind, "class", ("a", "b", "c")),
            "flag": Target(rng.integers(0, 2, SAMPLES), "binary", ("no", "yes")),
            "tags": Target(rng.integers(-1, 2, (SAMPLES, 2)), "multilabel", ("p", "q")),
            "size": Target(size, "real"),
            "never": Target(np.full(SAMPLES, np.nan), "real"),
        },
        splits={"train": np.arange(20), "validation": np.arange(20, 30), "test": np.arange(30, 40)},
    )


DATA = data()

_TREE: dict[str, Any] = {
    "name": "small",
    "data": "tests.support.small_sweeps:DATA",
    "tasks": {
        "kind": {"head": "softmax", "view": "x", "metrics": ["accuracy"]},
        "size": {"head": "regression", "view": "x", "metrics": ["r2", "mae"]},
        "flag": {"head": "binary", "view": "x", "metrics": ["accuracy"], "role": "auxiliary"},
    },
    "model": {
        "backbone": {"name": "mlp", "widths": [4, 4]},
        "sharing": {"name": "hard", "depth": 1},
    },
    "training": {
        "epochs": 4,
        "batch_size": 8,
        "optimizer": {"name": "adamw", "lr": 0.01},
        "pack": 1,
    },
    "search": {
        "trials": 4,
        "space": {
            "tasks.*.loss_weight": {"log_ratio": 100, "reference": "kind"},
            "model.sharing.depth": {"int": [0, 2]},
            "training.optimizer.lr": {"log": [1e-4, 1e-1]},
        },
        "finalists": {"top": 1, "seeds": 2, "max_seeds": 2},
    },
    "tracking": {"enabled": False},
}


def tree() -> dict[str, Any]:
    """A fresh copy of the config's plain tree."""
    return copy.deepcopy(_TREE)


def config(overrides: Mapping[str, Any] | None = None) -> Config:
    """The config, with some values changed."""
    return load_config(tree(), overrides or {})


def space_of(entries: Mapping[str, Any]) -> Config:
    """The config with another search space."""
    return config({"search.space": dict(entries)})


def add_up(metrics: Mapping[str, float]) -> float:
    """An objective of the user's."""
    return metrics["val/kind/accuracy"] + metrics["val/size/r2"]


def no_data(size: int = 1) -> str:
    """A data set of the user's that is none."""
    return "nothing" * size


def broken_backbone(input_shape: tuple[int, ...]) -> list[Any]:
    """A backbone of the user's with a mistake in it."""
    raise ZeroDivisionError("a mistake of the user's")


NOT_CALLABLE = 3
