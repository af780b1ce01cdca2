"""The shapes of trials: networks, tasks and made-up data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from mtl_search.config import Config, parse
from mtl_search.data import DataSet, Target
from mtl_search.metrics.objective import Objective


@dataclass(frozen=True)
class Case:
    """Trials of one shape.

    Attributes:
        name: The row's title.
        backbone: The config's section.
        count: Number of tasks.
        sample: The shape of a sample.
        samples: Of the training split; a third as many are in the validation split.
        epochs: Of a trial.
        batch_size: Samples of a batch.
        head: Of all tasks: `binary`, or `crf` for tags.
        more: Further settings by path.
    """

    name: str
    backbone: dict[str, Any]
    count: int
    sample: tuple[int, ...] = (16,)
    samples: int = 300
    epochs: int = 30
    batch_size: int = 32
    head: str = "binary"
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def tasks(self) -> list[str]:
        """The names of the tasks."""
        return [f"t{number}" for number in range(self.count)]

    def config(self) -> Config:
        """As a user would write it."""
        return parse(
            {
                "name": "packs",
                "data": {"name": "arrays"},
                "tasks": {task: {"head": self.head, "view": "x"} for task in self.tasks},
                "model": {"backbone": self.backbone, **self.more},
                "training": {"epochs": self.epochs, "batch_size": self.batch_size},
            }
        )

    def data(self) -> DataSet:
        """Targets that depend on the inputs."""
        return _data(self.count, self.sample, self.samples, self.head)


@cache
def _data(count: int, sample: tuple[int, ...], samples: int, head: str) -> DataSet:
    rng = np.random.default_rng(0)
    n = samples + 2 * (samples // 3)
    x = rng.normal(size=(n, *sample)).astype(np.float32)
    targets = {}
    for number in range(count):
        scores = x.reshape(n, *sample[:1], -1) if head == "crf" else x.reshape(n, -1)
        weights = rng.normal(size=scores.shape[-1])
        labels = (scores @ weights > 0).astype(np.int64)
        if head == "crf":
            targets[f"t{number}"] = Target(labels, "tags", ("O", "B"))
        else:
            targets[f"t{number}"] = Target(labels, "binary", ("no", "yes"))
    rows = np.arange(n)
    third = samples // 3
    splits = {"train": rows[:samples], "validation": rows[samples : samples + third]}
    return DataSet({"x": x}, targets, splits | {"test": rows[samples + third :]})


def objective(case: Case) -> Objective:
    """The mean skill of the tasks."""
    metrics = dict.fromkeys(case.tasks, ("token_accuracy" if case.head == "crf" else "accuracy",))
    return Objective(metrics, scales={f"{t}/{names[0]}": (0.5, 1) for t, names in metrics.items()})


_MLP = {"name": "mlp", "widths": [32, 32, 32]}

CASES = (
    Case("table, MLP 3 × 32, 1 task", _MLP, 1),
    Case("table, MLP 3 × 32, 4 tasks", _MLP, 4),
    Case("table, MLP 3 × 32, 8 tasks", _MLP, 8),
    Case("table, MLP 3 × 32, 12 tasks", _MLP, 12),
    Case(
        "table, MLP 3 × 32, 4 tasks, soft sharing",
        _MLP,
        4,
        more={"sharing": {"name": "soft", "strength": 0.1}},
    ),
    Case("table, MLP 3 × 128, 4 tasks", {"name": "mlp", "widths": [128] * 3}, 4),
    Case("table, MLP 2 × 512, 4 tasks", {"name": "mlp", "widths": [512] * 2}, 4, (64,), epochs=10),
    Case(
        "frozen text encoder's 384 numbers, MLP 64, 2 tasks",
        {"name": "mlp", "widths": [64]},
        2,
        (384,),
        1000,
        10,
        64,
    ),
    Case(
        "pictures 1 × 28 × 28, conv net 16, 32",
        {"name": "convnet", "channels": [16, 32], "dense": [64]},
        2,
        (1, 28, 28),
        256,
        2,
    ),
    Case(
        "12 tokens of 16, BiLSTM 16 with CRF",
        {"name": "bilstm", "hidden": 16},
        1,
        (12, 16),
        128,
        2,
        head="crf",
    ),
    Case(
        "12 tokens of 16 numbers, BiLSTM 16", {"name": "bilstm", "hidden": 16}, 2, (12, 16), 128, 2
    ),
    Case(
        "pictures 3 × 64 × 64, timm ResNet-18",
        {"name": "timm", "model": "resnet18", "pretrained": False},
        2,
        (3, 64, 64),
        32,
        1,
        16,
    ),
)
