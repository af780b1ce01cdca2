"""Data sets: named inputs, named targets with missing labels, three splits (see `dataset`).

Importing this package loads numpy only; pandas, scikit-learn and torch (`loader`) are loaded when
they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtl_search.data.concat import concat
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets import DATASETS
from mtl_search.data.datasets.build import build_data, load_data, subsample
from mtl_search.data.mixture import SAMPLING, Sampling, Sources
from mtl_search.data.types import MISSING, SPLITS, InputArray, TargetKind

if TYPE_CHECKING:
    from mtl_search.data.loading.loader import Batch, DeviceData, Loader, should_be_resident

__all__ = [
    "DATASETS",
    "MISSING",
    "SAMPLING",
    "SPLITS",
    "Batch",
    "DataSet",
    "DeviceData",
    "InputArray",
    "Loader",
    "Sampling",
    "Sources",
    "Target",
    "TargetKind",
    "build_data",
    "concat",
    "load_data",
    "should_be_resident",
    "subsample",
]


def __getattr__(name: str) -> Any:
    """Return a name of `loader`, which is imported at first use because it loads torch."""
    if name in ("Batch", "DeviceData", "Loader", "should_be_resident"):
        from mtl_search.data.loading import loader

        return getattr(loader, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
