"""Intervals of what changes in a comparison: the seeds of training and the items of the test split.

Shapes: S seeds of one side, N test items, which are the same for all runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtl_search.analysis.statistics.difference import Difference

Array = NDArray[np.float64]


def crossed_difference(ours_SN: ArrayLike, theirs_SN: ArrayLike) -> Difference:
    """Compare runs with others of independent seeds: Welch over seeds, crossed with items.

    The score of our seed s on item i is taken as a_si = α + S_s + I_i + E_si, with independent
    parts of the seed, of the item, and of both together; theirs, b_si, likewise with parts of its
    own. Items are shared, so of I only the difference D_i of both sides counts, and

        Var(a.. − b..) = σ²_S,a/k_a + σ²_S,b/k_b + σ²_D/n + σ²_E,a/(k_a n) + σ²_E,b/(k_b n).

    The variance over seeds of the runs' means a_s. estimates σ²_S,a + σ²_E,a/n, and that over items
    of d_i = a_.i − b_.i estimates σ²_D + σ²_E,a/k_a + σ²_E,b/k_b. Their sum holds E twice, and
    MS_E, the mean square of what seeds and items leave over, takes it away once:

        V = var_s(a_s.)/k_a + var_s(b_s.)/k_b + var_i(d_i)/n − MS_E,a/(k_a n) − MS_E,b/(k_b n),

    at least var_i(d_i)/n, for the part of the seeds is no less than 0. The degrees of freedom are
    Satterthwaite's (1946) over the five mean squares, and no fewer than the least of theirs.

    Args:
        ours_SN: Score of each of our seeds on each item.
        theirs_SN: Score of each of their seeds on the same items, in the same order.

    Examples:
        >>> ours = [[1, 0, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]
        >>> theirs = [[0, 0, 1, 1], [1, 0, 1, 0]]
        >>> difference = crossed_difference(ours, theirs)
        >>> round(difference.mean, 3), round(difference.standard_error, 3)
        (0.333, 0.152)
    """
    ours, theirs = _matrix(ours_SN), _matrix(theirs_SN)
    assert ours.shape[1] == theirs.shape[1], "both sides are scored on the same items"
    mean = float(ours.mean() - theirs.mean())
    seeds, items = (len(ours), len(theirs)), ours.shape[1]
    if min(*seeds, items) < 2:
        return Difference(mean, None, None, seeds, items)
    difference_N = ours.mean(axis=0) - theirs.mean(axis=0)
    item_variance = float(difference_N.var(ddof=1)) / items
    sides = [_side(ours), _side(theirs)]
    return _combined(
        mean,
        seeds,
        items,
        seed_parts=[(of_seeds, k - 1) for (of_seeds, _), k in zip(sides, seeds, strict=True)],
        item_variance=item_variance,
        interactions=[
            (interaction, (k - 1) * (items - 1))
            for (_, interaction), k in zip(sides, seeds, strict=True)
        ],
    )


def crossed_difference_paired(ours_SN: ArrayLike, theirs_SN: ArrayLike) -> Difference:
    """Compare runs with others seed by seed, crossed with items.

    With d_si the difference of both runs of seed s on item i, k seeds and n items,

        V = (MS_S + MS_I − MS_E)/(k n), at least MS_I/(k n),

    where MS_S = n var_s(d_s.), MS_I = k var_i(d_.i) and MS_E is the mean square of what is left
    over. It pays off only where runs of one seed are alike, as by the same order of the data; else
    `crossed_difference` has twice the degrees of freedom.

    Args:
        ours_SN: Score of each of our seeds on each item.
        theirs_SN: Score of the same seeds, in the same order, on the same items.

    Examples:
        >>> ours = [[1, 0, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]
        >>> theirs = [[0, 0, 1, 1], [1, 0, 1, 0], [1, 0, 0, 1]]
        >>> difference = crossed_difference_paired(ours, theirs)
        >>> round(difference.mean, 3), round(difference.standard_error, 3)
        (0.333, 0.136)
    """
    ours, theirs = _matrix(ours_SN), _matrix(theirs_SN)
    assert ours.shape == theirs.shape, "seeds and items are paired"
    difference_SN = ours - theirs
    seeds, items = difference_SN.shape
    mean = float(difference_SN.mean())
    if min(seeds, items) < 2:
        return Difference(mean, None, None, (seeds, seeds), items)
    of_seeds, interaction = _side(difference_SN)
    return _combined(
        mean,
        (seeds, seeds),
        items,
        seed_parts=[(of_seeds, seeds - 1)],
        item_variance=float(difference_SN.mean(axis=0).var(ddof=1)) / items,
        interactions=[(interaction, (seeds - 1) * (items - 1))],
    )


def _matrix(scores_SN: ArrayLike) -> Array:
    scores = np.asarray(scores_SN, dtype=np.float64)
    assert scores.ndim == 2
    return scores


def _side(scores_SN: Array) -> tuple[float, float]:
    """Return the variance over seeds of the runs' means / k, and MS_E / (k n)."""
    k, n = scores_SN.shape
    run_S = scores_SN.mean(axis=1)
    rest_SN = scores_SN - run_S[:, None] - scores_SN.mean(axis=0) + scores_SN.mean()
    interaction = float(np.square(rest_SN).sum()) / ((k - 1) * (n - 1))
    return float(run_S.var(ddof=1)) / k, interaction / (k * n)


def _combined(
    mean: float,
    seeds: tuple[int, int],
    items: int,
    *,
    seed_parts: list[tuple[float, int]],
    item_variance: float,
    interactions: list[tuple[float, int]],
) -> Difference:
    """Put the mean squares together; a part is its share of V and its degrees of freedom."""
    interaction = sum(part for part, _ in interactions)
    seed_variance = max(sum(part for part, _ in seed_parts) - interaction, 0.0)
    variance = seed_variance + item_variance
    parts = [*seed_parts, (item_variance, items - 1), *interactions]
    uncertainty = sum(part**2 / degrees for part, degrees in parts)
    # A sum without minus signs has no fewer than its least certain part. With them V may come out
    # near 0 while its parts are not, and the formula would end near 0, too.
    degrees_of_freedom = float(min(degrees for _, degrees in parts))
    if uncertainty > 0:
        degrees_of_freedom = max(degrees_of_freedom, variance**2 / uncertainty)
    return Difference(
        mean=mean,
        standard_error=variance**0.5,
        degrees_of_freedom=degrees_of_freedom,
        seeds=seeds,
        items=items,
        seed_variance=seed_variance,
        item_variance=item_variance,
        interaction_variance=min(interaction, item_variance),
    )
