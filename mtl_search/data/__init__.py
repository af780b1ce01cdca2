"""Data sets: named inputs, named targets with missing labels, three splits (see `dataset`).

Importing this package loads numpy only; pandas, scikit-learn and torch (`loading`) are loaded when
they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_search.data.concat import concat
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets import DATASETS
from mtl_search.data.datasets.build import build_data, load_data, subsample
from mtl_search.data.mixture import SAMPLING, Sampling, Sources
from mtl_search.data.preparation.base import Field, Preparation, Prepared
from mtl_search.data.types import MISSING, SPLITS, InputArray, TargetKind
from mtl_search.source.lazy import lazy_attributes as _lazy_attributes

if TYPE_CHECKING:
    from mtl_search.data.loading.batch import Batch
    from mtl_search.data.loading.device_data import DeviceData, should_be_resident
    from mtl_search.data.loading.loader import Loader

__all__ = [
    "DATASETS",
    "MISSING",
    "SAMPLING",
    "SPLITS",
    "Batch",
    "DataSet",
    "DeviceData",
    "Field",
    "InputArray",
    "Loader",
    "Preparation",
    "Prepared",
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

# These load torch.
__getattr__ = _lazy_attributes(
    __name__,
    {
        "Batch": "mtl_search.data.loading.batch",
        "DeviceData": "mtl_search.data.loading.device_data",
        "Loader": "mtl_search.data.loading.loader",
        "should_be_resident": "mtl_search.data.loading.device_data",
    },
)
