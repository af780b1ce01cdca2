"""What a user would bring along: a data set, a backbone that can misbehave, an objective. Named
`module:attribute`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import ray
import torch
from torch import Tensor, nn

from mtl_search.data import DataSet, Target
from mtl_search.models.stage import Stage


def points(samples: int = 240, seed: int = 0) -> DataSet:
    """Points in four dimensions with a colour (three classes, some missing) and a size (real)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, 4)).astype(np.float32)
    colour = np.digitize(x[:, 0] + 0.5 * x[:, 1], [-0.5, 0.5])
    colour[::17] = -1
    size = x[:, 0] - x[:, 2] + 0.1 * rng.normal(size=samples)
    rows = np.arange(samples)
    return DataSet(
        inputs={"x": x},
        targets={
            "colour": Target(colour, "class", ("red", "green", "blue")),
            "size": Target(size, "real"),
        },
        splits={
            "train": rows[: samples // 2],
            "validation": rows[samples // 2 : -60],
            "test": rows[-60:],
        },
    )


def backbone(
    input_shape: tuple[int, ...],
    mode: str = "fine",
    pause: float = 0.0,
    *,
    log: str = "",
    passes: str = "",
    width: int = 8,
) -> list[Stage]:
    """Two dense stages.

    Args:
        input_shape: (4,)
        mode: `fine`, `raises` (when it is built for a trial) or `raises_later` (in the first
            forward pass); `one_raises` and `one_raises_later` do the same on the second worker
            only, `one_nan` gives NaN there, and `small` has memory for 10 samples, of several
            workers on the second one.
        pause: Seconds that a forward pass takes longer.
        log: File that gets the number of each process that trains it, a line a network.
        passes: File that gets a line a forward pass in training.
        width: Of both stages.
    """
    if ray.is_initialized() and ray._private.worker.global_worker.mode == ray.WORKER_MODE:
        if log:
            with Path(log).open("a") as file:
                file.write(f"{os.getpid()}\n")
        if mode == "raises" or (mode == "one_raises" and _is_second()):
            raise ValueError("this network cannot be built")
    first = nn.Sequential(_Moody(mode, pause, passes), nn.Linear(input_shape[0], width), nn.ReLU())
    second = nn.Sequential(nn.Linear(width, width), nn.ReLU())
    return [Stage(first, width, "first"), Stage(second, width, "second")]


def _is_second() -> bool:
    return os.environ.get("RANK") == "1"  # as Ray Train sets it


class _Moody(nn.Module):
    def __init__(self, mode: str, pause: float, passes: str) -> None:
        super().__init__()
        self.mode, self.pause, self.passes = mode, pause, passes

    def forward(self, x: Tensor) -> Tensor:
        if self.training and (
            self.mode == "raises_later" or (self.mode == "one_raises_later" and _is_second())
        ):
            raise RuntimeError("this network cannot be trained")
        if (
            self.training
            and self.mode == "small"
            and len(x) > 10
            and os.environ.get("RANK", "1") == "1"
        ):
            raise RuntimeError(
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 10 bytes too "
                "many"
            )
        if self.training and self.mode == "one_nan" and _is_second():
            return x * float("nan")
        if self.pause and self.training:
            time.sleep(self.pause)
        if self.passes and self.training:
            with Path(self.passes).open("a") as file:
                file.write(f"{os.getpid()}\n")
        return torch.clone(x)


def accuracy(metrics: Mapping[str, float]) -> float:
    """An objective of the user's."""
    return metrics["val/colour/accuracy"]
