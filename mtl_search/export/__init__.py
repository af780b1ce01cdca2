"""Trained networks on their way out: models that predict from raw rows, without the data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from mtl_search.export.model import Model

__all__ = ["Model"]

__getattr__ = lazy_attributes(__name__, {"Model": "mtl_search.export.model"})
