"""Preparations by name: what turns raw rows into the arrays that a network was trained on.

What training has fitted (columns, categories, scaling, a vocabulary, the size of images) is kept as
plain JSON with every trained network, so that a network needs no data set to predict. This module
is a table; `stored` reads and writes what it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from mtl_search.data.preparation.base import Field, Preparation, Prepared

__all__ = ["PREPARATIONS", "Field", "Preparation", "Prepared"]

_HERE = "mtl_search.data.preparation"

PREPARATIONS: Registry[type[Preparation]] = Registry(
    "preparation",
    {
        "arrays": f"{_HERE}.arrays:ArraysPreparation",
        "image": f"{_HERE}.images:ImagePreparation",
        "image_pairs": f"{_HERE}.image_pairs:ImagePairsPreparation",
        "sentences": f"{_HERE}.sentences:SentencesPreparation",
        "sources": f"{_HERE}.sources:SourcesPreparation",
        "table": f"{_HERE}.table:TablePreparation",
    },
    base=f"{_HERE}.base:Preparation",
)

__getattr__ = lazy_attributes(
    __name__,
    {
        "Field": f"{_HERE}.base",
        "Preparation": f"{_HERE}.base",
        "Prepared": f"{_HERE}.base",
    },
)
