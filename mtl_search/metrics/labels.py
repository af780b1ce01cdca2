"""The labels of a target that are there, as metrics take them.

Legend: N samples, M labels that are there, E entities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mtl_search.data.types import MISSING, REAL_KINDS, Array, TargetKind
from mtl_search.metrics.span_f1 import spans


def known_values(values: Array, kind: TargetKind) -> Array:
    """Return the labels that are there, (M,)."""
    return values[~np.isnan(values)] if kind in REAL_KINDS else values[values != MISSING]


def outcome_columns(values: Array, kind: TargetKind, classes: int) -> list[Array]:
    """Return 0/1 labels of each label, or of each class against the rest; empty ones left out."""
    if kind == "multilabel":
        columns = [known_values(column, kind) for column in values.T]
    elif kind == "binary":
        columns = [known_values(values, kind)]
    else:
        labels = known_values(values, kind)
        columns = [(labels == label).astype(np.int64) for label in range(classes)]
    return [column for column in columns if len(column)]


def element_values(values: Array, kind: TargetKind) -> list[Array]:
    """Return the labels of each element of a vector, or of the one number; empty ones left out."""
    columns = values.T if kind == "vector" else [values]
    known = [known_values(column, "real").astype(np.float64) for column in columns]
    return [column for column in known if len(column)]


def label_variance(values: Array, kind: TargetKind) -> float:
    """Return the mean squared distance from the mean, of a vector from that of each element."""
    columns = element_values(values, kind)
    # Labels that are alike have no variance, not one of rounding errors.
    varied = [column for column in columns if column.min() < column.max()]
    total = sum(float(column.var()) * len(column) for column in varied)
    return total / sum(map(len, columns))


def labelled_entities(values: Array, names: Sequence[str]) -> Array:
    """Return first token, last token and kind of each labelled entity, (E, 3)."""
    known = values != MISSING
    sentence = torch.from_numpy(np.nonzero(known)[0])
    return spans(torch.from_numpy(values[known]), sentence, names).numpy()
