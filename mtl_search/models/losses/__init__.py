"""Losses by name.

A loss sees labelled samples only; which ones are missing is the head's business (`heads/base.py`).
`cross_entropy` is the one exception: it leaves out class -1 by itself, since torch does that inside
the same operation.

This module is a table and loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from mtl_search.models.losses.base import ElementwiseLoss, Reduction, UserLoss, as_elementwise

__all__ = ["LOSSES", "ElementwiseLoss", "Reduction", "UserLoss", "as_elementwise"]

_HERE = "mtl_search.models.losses"

LOSSES: Registry[Callable[..., object]] = Registry(
    "loss",
    {
        "cross_entropy": f"{_HERE}.cross_entropy:CrossEntropy",
        "binary_cross_entropy": f"{_HERE}.binary_cross_entropy:BinaryCrossEntropy",
        "mse": f"{_HERE}.regression:MeanSquaredError",
        "mae": f"{_HERE}.regression:MeanAbsoluteError",
        "huber": f"{_HERE}.regression:Huber",
        "smooth_l1": f"{_HERE}.regression:SmoothL1",
        "pinball": f"{_HERE}.regression:Pinball",
        "contrastive": f"{_HERE}.contrastive:Contrastive",
        "cosine": f"{_HERE}.cosine:CosineEmbedding",
        "crf": f"{_HERE}.crf:CrfLikelihood",
    },
)

__getattr__ = lazy_attributes(
    __name__,
    {
        "ElementwiseLoss": f"{_HERE}.base",
        "Reduction": f"{_HERE}.base",
        "UserLoss": f"{_HERE}.base",
        "as_elementwise": f"{_HERE}.base",
    },
)
