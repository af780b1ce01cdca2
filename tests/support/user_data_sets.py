"""Data sets of a user, as `module:attribute` in a config names them."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtl_search.data import DataSet, Target
from mtl_search.errors import DataError

NUMBER = 3


def line(n: int = 10, seed: int = 0, slope: float = 1.0) -> DataSet:
    """Points on a line."""
    x = np.random.default_rng(seed).normal(size=(n, 1))
    rows = np.split(np.arange(n), [n - 4, n - 2])
    targets = {"y": Target(slope * x[:, 0], "real")}
    return DataSet({"x": x}, targets, dict(zip(("train", "validation", "test"), rows, strict=True)))


READY = line()


def without_seed(n: int = 10) -> DataSet:
    """Takes no seed."""
    return line(n, seed=7)


def open_ended(**arguments: Any) -> DataSet:
    """Takes anything, and no seed by name."""
    return line(**arguments)


def not_a_data_set() -> dict[str, int]:
    """Returns something else."""
    return {"x": 1}


def failing() -> DataSet:
    """Raises what it likes."""
    nothing: dict[str, DataSet] = {}
    return nothing["no such key"]


def complaining() -> DataSet:
    """Raises an error that is for the user already."""
    raise DataError("the archive is empty")
