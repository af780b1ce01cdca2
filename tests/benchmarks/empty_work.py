"""Training that takes a known time and computes nothing: what a sweep adds is overhead."""

from __future__ import annotations

import time

import numpy as np
from torch import Tensor, nn

from mtl_search.data.dataset import DataSet, Target
from mtl_search.models.stage import Stage


def data() -> DataSet:
    """96 samples of 4 numbers, one class target that a single linear layer can learn."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 4)).astype(np.float32)
    rows = np.arange(96)
    return DataSet(
        {"x": x},
        {"y": Target((x[:, 0] > 0).astype(np.int64), "class", ("no", "yes"))},
        {"train": rows[:32], "validation": rows[32:64], "test": rows[64:]},
    )


class _Sleep(nn.Module):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def forward(self, x: Tensor) -> Tensor:
        """Its input, after a while, in training; at once in validation."""
        if self.training:
            time.sleep(self.seconds)
        return x


def sleeping(input_shape: tuple[int, ...], *, seconds: float = 0.05) -> list[Stage]:
    """A backbone of one stage without parameters that sleeps for `seconds` a training batch."""
    return [Stage(_Sleep(seconds), input_shape[0], "sleep")]
