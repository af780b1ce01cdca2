"""What the best of several trials shows by luck alone."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

_REACH = 12.0  # beyond, Φ is 1 to the last digit for any number of trials
_NODES = 256


@cache
def expected_best(count: int) -> float:
    """Return the expected maximum of independent standard normal values.

    So many standard deviations above their mean stands the best of `count` trials that differ by
    noise alone. A validation gain below that is no sign of a good setting.

    E = ∫ (1 − Φ(x)^n − Φ(−x)^n) dx over x > 0, by Gauss and Legendre.

    Args:
        count: Number n of values, at least 1.

    Examples:
        >>> [round(expected_best(count), 2) for count in (1, 5, 10, 20, 40)]
        [0.0, 1.16, 1.54, 1.87, 2.16]
    """
    assert count >= 1
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    x = _REACH * (nodes + 1.0) / 2.0
    # Powers by logarithms: 1 − Φ(x)^n keeps its digits where Φ is close to 1.
    not_all_below = -np.expm1(count * special.log_ndtr(x))
    all_below_minus = np.exp(count * special.log_ndtr(-x))
    return float(weights @ (not_all_below - all_below_minus) * _REACH / 2.0)
