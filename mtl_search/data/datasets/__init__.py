"""Data sets by name: each builds a `DataSet` from files, packages or the user's own function.

This module is a table; `build` builds what it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from mtl_search.data.dataset import DataSet

__all__ = ["DATASETS"]

_HERE = "mtl_search.data.datasets"

DATASETS: Registry[Callable[..., DataSet]] = Registry(
    "data set",
    {
        "arrays": f"{_HERE}.arrays:arrays",
        "digit_attributes": f"{_HERE}.digit_attributes:digit_attributes",
        "digit_pairs": f"{_HERE}.digit_pairs:digit_pairs",
        "image_folder": f"{_HERE}.image_folder:image_folder",
        "image_pairs": f"{_HERE}.image_pairs:image_pairs",
        "semeval": f"{_HERE}.semeval:semeval",
        "sources": f"{_HERE}.sources:sources",
        "table": f"{_HERE}.table:table",
    },
    given=("build_data",),
)

__getattr__ = lazy_attributes(
    __name__,
    {
        "build_data": f"{_HERE}.build",
        "load_data": f"{_HERE}.build",
        "subsample": f"{_HERE}.build",
    },
)
