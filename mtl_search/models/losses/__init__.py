"""Losses by name.

A loss sees labelled samples only; which ones are missing is the head's business (`heads/base.py`). `cross_entropy` is
the one exception: it leaves out class -1 by itself, since torch does that inside the same operation.
"""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.models.losses.base import ElementwiseLoss, Reduction, UserLoss, as_elementwise
from mtl_search.models.losses.binary_cross_entropy import BinaryCrossEntropy
from mtl_search.models.losses.contrastive import Contrastive
from mtl_search.models.losses.cosine import CosineEmbedding
from mtl_search.models.losses.crf import CrfLikelihood
from mtl_search.models.losses.cross_entropy import CrossEntropy
from mtl_search.models.losses.regression import Huber, MeanAbsoluteError, MeanSquaredError, SmoothL1
from mtl_search.registry import Registry

__all__ = ["LOSSES", "ElementwiseLoss", "Reduction", "UserLoss", "as_elementwise"]

LOSSES: Registry[Callable[..., object]] = Registry(
    "loss",
    {
        "cross_entropy": CrossEntropy,
        "binary_cross_entropy": BinaryCrossEntropy,
        "mse": MeanSquaredError,
        "mae": MeanAbsoluteError,
        "huber": Huber,
        "smooth_l1": SmoothL1,
        "contrastive": Contrastive,
        "cosine": CosineEmbedding,
        "crf": CrfLikelihood,
    },
)
