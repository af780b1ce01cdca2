"""Influence on metrics that are made of counts: accuracy, recall, F1 and Matthews' correlation.

Legend: N items, M labelled cells, G classes or groups of classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_search.data.types import Array
from mtl_search.metrics.influence.cells import Cells
from mtl_search.metrics.relation_f1 import relation_numbers


def accuracy(cells: Cells) -> Array:
    """Return the influence on the part of the cells that are right, (N,)."""
    is_hit = cells.prediction == cells.label
    return cells.influence((is_hit - is_hit.mean()) / len(is_hit))


def balanced_accuracy(cells: Cells) -> Array:
    """Return the influence on the mean recall of the classes that occur, (N,)."""
    is_hit = cells.prediction == cells.label
    actual_G = np.bincount(cells.label)
    recall_G = np.bincount(cells.label, weights=is_hit) / np.maximum(actual_G, 1)
    y = cells.label
    return cells.influence((is_hit - recall_G[y]) / actual_G[y] / np.count_nonzero(actual_G))


def macro_f1(cells: Cells, classes: int) -> Array:
    """Return the influence on the mean F1 of the classes that are predicted or actual, (N,)."""
    p, y = cells.prediction, cells.label
    occurs_G = np.bincount(p, minlength=classes) + np.bincount(y, minlength=classes) > 0
    return _mean_f1(cells, p == y, p, y, occurs_G)


def relation_f1(cells: Cells, names: Sequence[str]) -> Array:
    """Return the influence on the score of SemEval-2010 Task 8, see `metrics.relation_f1`."""
    relation_of, other = relation_numbers(names)
    is_hit = cells.prediction == cells.label
    y = relation_of[cells.label]
    counted_G = np.bincount(y, minlength=other + 1) > 0
    counted_G[other] = False
    return _mean_f1(cells, is_hit, relation_of[cells.prediction], y, counted_G)


def _mean_f1(cells: Cells, is_hit: Array, p: Array, y: Array, counted_G: Array) -> Array:
    """Return the influence on the mean of F1_g = 2·hits_g / (predicted_g + actual_g).

    Args:
        cells: The cells.
        is_hit: (M,) where the prediction is right.
        p: (M,) the group that was predicted.
        y: (M,) the group of the label.
        counted_G: The groups that are averaged.
    """
    groups = len(counted_G)
    total_G = np.bincount(p, minlength=groups) + np.bincount(y, minlength=groups)
    weight_G = counted_G / np.maximum(total_G, 1) / np.count_nonzero(counted_G)
    f1_G = 2 * np.bincount(y, weights=is_hit, minlength=groups) / np.maximum(total_G, 1)
    loss_G = f1_G * weight_G
    return cells.influence(2 * is_hit * weight_G[y] - loss_G[p] - loss_G[y])


def positive_f1(cells: Cells) -> Array:
    """Return the influence on the F1 of the positives, (N,); predictions and labels are 0 or 1."""
    p, y = cells.prediction.astype(np.int64), cells.label
    total = p.sum() + y.sum()
    if total == 0:
        return np.zeros(cells.items)
    f1 = 2 * (p * y).sum() / total
    return cells.influence((2 * p * y - f1 * (p + y)) / total)


def matthews_correlation(cells: Cells) -> Array:
    """Return the influence on Matthews' correlation, (N,); predictions and labels are 0 or 1.

    It is covariance / spread with covariance = n·Σpy - Σp·Σy and spread² = Σp·(n-Σp)·Σy·(n-Σy).
    Where all predictions are alike it has no derivative, and the influence is 0, as that of leaving
    one item out.
    """
    p, y = cells.prediction.astype(np.float64), cells.label.astype(np.float64)
    n, p_sum, y_sum, both = len(y), p.sum(), y.sum(), (p * y).sum()
    spread = np.sqrt(p_sum * (n - p_sum) * y_sum * (n - y_sum))
    if spread == 0:
        return np.zeros(cells.items)
    covariance = n * both - p_sum * y_sum
    covariance_M = n * p * y + both - p_sum * y - y_sum * p
    log_spread_M = (p / p_sum + (1 - p) / (n - p_sum) + y / y_sum + (1 - y) / (n - y_sum)) / 2
    return cells.influence((covariance_M - covariance * log_spread_M) / spread)
