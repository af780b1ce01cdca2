"""Welch's comparison of two means over seeds, for runs without scores of single items."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl_search.analysis.statistics.difference import Difference


def seed_difference(ours_S: ArrayLike, theirs_S: ArrayLike) -> Difference:
    """Compare values of independent seeds, whose variance may differ between both sides.

    V = var(a)/k_a + var(b)/k_b, with the degrees of freedom of Welch (1947). The interval is about
    new seeds on the same test items: new items would change the difference, too, which
    `crossed_difference` counts and this cannot. Take as many seeds on both sides: with 3 against 10
    it covers .93 where it should .95, with 5 against 5 or 10 it does what it should.

    Args:
        ours_S: One value for each of our seeds.
        theirs_S: One value for each of their seeds.

    Examples:
        >>> difference = seed_difference([0.5, 0.75, 1.0], [0.25, 0.5])
        >>> difference.mean
        0.375
        >>> round(difference.standard_error, 3), round(difference.degrees_of_freedom, 2)
        (0.191, 2.88)
    """
    sides = [np.asarray(values_S, dtype=np.float64) for values_S in (ours_S, theirs_S)]
    assert all(side_S.ndim == 1 for side_S in sides)
    mean = float(sides[0].mean() - sides[1].mean())
    seeds = (len(sides[0]), len(sides[1]))
    if min(seeds) < 2:
        return Difference(mean, None, None, seeds, items=0)
    parts = [float(side_S.var(ddof=1)) / len(side_S) for side_S in sides]
    variance = sum(parts)
    uncertainty = sum(part**2 / (k - 1) for part, k in zip(parts, seeds, strict=True))
    return Difference(
        mean=mean,
        standard_error=variance**0.5,
        # Without any spread the interval is a point, whatever stands here.
        degrees_of_freedom=variance**2 / uncertainty if uncertainty > 0 else min(seeds) - 1.0,
        seeds=seeds,
        items=0,
        seed_variance=variance,
    )
