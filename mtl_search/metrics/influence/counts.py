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


def weighted_f1(cells: Cells, classes: int) -> Array:
    """Return the influence on the mean F1 of the classes by how often they occur, (N,)."""
    p, y = cells.prediction, cells.label
    is_hit = p == y
    actual_G = np.bincount(y, minlength=classes)
    total_G = np.maximum(np.bincount(p, minlength=classes) + actual_G, 1)
    f1_G = 2 * np.bincount(y, weights=is_hit, minlength=classes) / total_G
    value = (actual_G * f1_G).sum() / len(y)
    weight_G = actual_G / total_G / len(y)
    loss_G = f1_G * weight_G
    of_class_M = (f1_G[y] - value) / len(y)
    return cells.influence(of_class_M + 2 * is_hit * weight_G[y] - loss_G[p] - loss_G[y])


def weighted_positive_f1(columns: Sequence[Cells]) -> Array:
    """Return the influence on the mean F1 of several labels by their positives, (N,)."""
    positives = np.array([cells.label.sum() for cells in columns])
    total = positives.sum()
    f1 = np.array([_f1_of_positives(cells) for cells in columns])
    value = (positives * f1).sum() / total
    parts = [
        number / total * positive_f1(cells) + cells.influence(cells.label * (own - value) / total)
        for cells, number, own in zip(columns, positives, f1, strict=True)
    ]
    return np.asarray(np.sum(parts, axis=0))


def _f1_of_positives(cells: Cells) -> float:
    total = cells.prediction.sum() + cells.label.sum()
    return float(2 * (cells.prediction * cells.label).sum() / total) if total else 0.0


def matthews_correlation(cells: Cells, classes: int = 2) -> Array:
    """Return the influence on the correlation of predicted and actual classes, (N,).

    It is covariance / spread with covariance = n·hits - Σ p_k·y_k and
    spread² = (n² - Σ p_k²)·(n² - Σ y_k²). Where all predictions are alike it has no derivative, and
    the influence is 0, as that of leaving one item out.
    """
    p, y = cells.prediction.astype(np.int64), cells.label
    n, is_hit = len(y), p == y
    predicted_G = np.bincount(p, minlength=classes).astype(np.float64)
    actual_G = np.bincount(y, minlength=classes).astype(np.float64)
    of_predicted, of_actual = n * n - (predicted_G**2).sum(), n * n - (actual_G**2).sum()
    spread = np.sqrt(of_predicted) * np.sqrt(of_actual)
    if spread == 0:
        return np.zeros(cells.items)
    covariance = n * is_hit.sum() - (predicted_G * actual_G).sum()
    covariance_M = n * is_hit + is_hit.sum() - actual_G[p] - predicted_G[y]
    log_spread_M = (n - predicted_G[p]) / of_predicted + (n - actual_G[y]) / of_actual
    return cells.influence((covariance_M - covariance * log_spread_M) / spread)
