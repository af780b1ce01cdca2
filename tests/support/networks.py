"""A data set with views and targets of all kinds, and networks of tasks on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_search.config import Config, parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.models.network import MultiTaskNetwork

N = 20


def _data() -> DataSet:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(N, 1, 8, 8)).astype(np.float32)
    return DataSet(
        inputs={
            "left": image,
            "right": rng.normal(size=image.shape).astype(np.float32),
            "table": rng.normal(size=(N, 6)).astype(np.float32),
            "words": rng.integers(0, 9, (N, 4)),
            "words with positions": rng.integers(0, 9, (N, 4, 2)),
            "tokens": rng.normal(size=(N, 4, 3)).astype(np.float32),
        },
        targets={
            "digit": Target(rng.integers(-1, 3, N), "class", ("a", "b", "c")),
            "same": Target(rng.integers(0, 2, N), "binary", ("different", "same")),
            "many": Target(rng.integers(-1, 2, (N, 4)), "multilabel", ("p", "q", "r", "s")),
            "size": Target(rng.normal(100, 10, N).astype(np.float32), "real"),
            "tags": Target(rng.integers(0, 2, (N, 4)), "tags", ("O", "B")),
        },
        splits={"train": np.arange(12), "validation": np.arange(12, 16), "test": np.arange(16, N)},
        masks={"tokens": np.arange(4) < rng.integers(1, 5, (N, 1))},
    )


DATA = _data()

TASKS: dict[str, Any] = {
    "digit": {"head": "softmax", "view": "left"},
    "second": {"head": "softmax", "view": "right", "target": "digit"},
    "same": {"head": {"name": "pair", "hidden": [6]}, "view": ["left", "right"]},
    "many": {"head": "multilabel", "view": "left"},
    "size": {
        "head": {"name": "regression", "dropout": 0.1},
        "view": "right",
        "loss": {"name": "huber", "delta": 2.0},
    },
}


def network_config(
    tasks: dict[str, Any] | None = None, backbone: Any = "mlp", **sharing: Any
) -> Config:
    """A config of `TASKS`, or of other tasks, under hard sharing."""
    model = {"backbone": backbone, "sharing": {"name": "hard", **sharing}}
    return parse(
        {"name": "test", "data": "none", "tasks": TASKS if tasks is None else tasks, "model": model}
    )


def network_inputs() -> dict[str, Tensor]:
    """All views of `DATA`."""
    return {name: torch.as_tensor(x) for name, x in DATA.inputs.items()}


def network_targets(network: MultiTaskNetwork, rows: Any = slice(None)) -> dict[str, Tensor]:
    """The labels of each task of a network, from `DATA`."""
    return {
        task: torch.as_tensor(DATA.targets[name].values[rows])
        for task, name in network.target_names.items()
    }


# Names of tasks that torch refuses as names of modules, or that are easily confused.
ODD_NAMES = [
    "a.b",
    "a%2Eb",
    "type",
    "keys",
    "forward",
    "training",
    "",
    "with space",
    "task:x",
    "größe",
    ".",
]
