"""The difference of two networks that were scored on different test items of one population."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.two_way import crossed_difference


def independent_difference(ours_SN: ArrayLike, theirs_SM: ArrayLike) -> Difference:
    """Compare runs with others that have other seeds and other test items.

    Each side's mean has a variance of its own over seeds and items (see `crossed_difference`, here
    against 0), and both add up: V = V_a + V_b, with the degrees of freedom of Satterthwaite (1946).
    Both sets of items are taken as samples of one population, such as two random test splits of a
    data set. As items are not shared, the interval is wider than that of `crossed_difference`.

    Args:
        ours_SN: Score of each of our seeds on each of our items.
        theirs_SM: Score of each of their seeds on each of their items.

    Examples:
        >>> ours = [[1, 0, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]
        >>> theirs = [[0, 0, 1, 1, 0, 1], [1, 0, 1, 0, 1, 1]]
        >>> difference = independent_difference(ours, theirs)
        >>> round(difference.mean, 3), round(difference.standard_error, 3)
        (0.25, 0.181)
    """
    ours, theirs = np.asarray(ours_SN, np.float64), np.asarray(theirs_SM, np.float64)
    assert ours.ndim == theirs.ndim == 2
    seeds = (len(ours), len(theirs))
    sides = [crossed_difference(side, np.zeros_like(side)) for side in (ours, theirs)]
    mean = sides[0].mean - sides[1].mean
    if any(side.standard_error is None for side in sides):
        return Difference(mean, None, None, seeds, items=0)
    parts = [
        (side.seed_variance + side.item_variance, side.degrees_of_freedom or 1.0) for side in sides
    ]
    variance = sum(part for part, _ in parts)
    uncertainty = sum(part**2 / degrees for part, degrees in parts)
    least = min(degrees for _, degrees in parts)
    return Difference(
        mean=mean,
        standard_error=variance**0.5,
        degrees_of_freedom=variance**2 / uncertainty if uncertainty > 0 else least,
        seeds=seeds,
        items=0,  # that both share
        seed_variance=sum(side.seed_variance for side in sides),
        item_variance=sum(side.item_variance for side in sides),
    )
