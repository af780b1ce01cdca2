"""Influence on metrics that rank: the area under the ROC curve and average precision.

Legend: N items, M labelled cells, S distinct scores.
"""

from __future__ import annotations

import numpy as np

from mtl_search.data.types import Array
from mtl_search.metrics.influence.cells import Cells


def auroc(cells: Cells) -> Array:
    """Return the influence on the area under the ROC curve, (N,).

    It is made of placement values: the part of the negatives below a positive, and of the positives
    above a negative, where equal scores count as a half (E. R. DeLong, D. M. DeLong and
    D. L. Clarke-Pearson 1988, "Comparing the areas under two or more correlated receiver operating
    characteristic curves").

    Args:
        cells: Scores and labels 0 or 1, both of which occur.
    """
    y = cells.label
    scores_S, place_M = np.unique(cells.prediction, return_inverse=True)
    positives_S = np.bincount(place_M, weights=y, minlength=len(scores_S))
    negatives_S = np.bincount(place_M, minlength=len(scores_S)) - positives_S
    positives, negatives = positives_S.sum(), negatives_S.sum()
    negatives_below_S = (negatives_S.cumsum() - negatives_S / 2) / negatives
    positives_above_S = (positives - positives_S.cumsum() + positives_S / 2) / positives
    area = (positives_S * negatives_below_S).sum() / positives
    of_positive_M = (negatives_below_S[place_M] - area) / positives
    of_negative_M = (positives_above_S[place_M] - area) / negatives
    return cells.influence(np.where(y == 1, of_positive_M, of_negative_M))


def average_precision(cells: Cells) -> Array:
    """Return the influence on average precision, (N,).

    With H_i positives and K_i cells that score no less than positive i, it is the mean of H_i / K_i
    over the P positives. Its derivative by the weight of cell m is

        [y_m·(H_m / K_m - AP) + Σ (y_m / K_i - H_i / K_i²)] / P,

    where the sum is over the positives i that score no more than m.

    Args:
        cells: Scores and labels 0 or 1, both of which occur.
    """
    y = cells.label
    # The highest score comes first.
    scores_S, place_M = np.unique(-cells.prediction, return_inverse=True)
    positives_S = np.bincount(place_M, weights=y, minlength=len(scores_S))
    positives = positives_S.sum()
    hits_S = positives_S.cumsum()
    seen_S = np.bincount(place_M, minlength=len(scores_S)).cumsum()
    precision_S = hits_S / seen_S
    mean = (positives_S * precision_S).sum() / positives
    gained_S = _sum_to_the_end(positives_S / seen_S)
    lost_S = _sum_to_the_end(positives_S * precision_S / seen_S)
    part_M = y * (precision_S - mean + gained_S)[place_M] - lost_S[place_M]
    return cells.influence(part_M / positives)


def _sum_to_the_end(values_S: Array) -> Array:
    """Return the sum of each value and all that follow it, (S,)."""
    return values_S[::-1].cumsum()[::-1]
