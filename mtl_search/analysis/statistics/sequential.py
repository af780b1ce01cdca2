"""The level of each look, where seeds are added while a comparison is undecided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

# Nodes of Gauss and Legendre: as many, and so many more for the narrowest step of the walk.
_NODES, _MORE_NODES = 48, 8


def nominal_level(level: float, looks: Sequence[int]) -> float:
    """Return the level of each interval, so that all of them together cover with `level`.

    Whoever looks at the seeds so far, and trains more while nothing is decided, has several
    chances to be wrong. With the returned level for the interval of *every* look, the probability
    that any of them leaves out the true difference is 1 − `level`: the boundary c of Pocock (1977),
    which is the same at each look, solves P(|Z_1| < c, ..., |Z_m| < c) = `level`. The Z_i are
    standard normal, and Z_i and Z_j (i < j) are correlated by √(k_i/k_j), since the seeds of an
    earlier look are a part of the later one. Jennison and Turnbull (2000), Table 2.1, print c for
    equal steps.

    For Student's t the level is used as it is, as they advise. Where test items add to the
    variance, which are the same at each look, the Z are more alike and the level is on the safe
    side.

    Args:
        level: Probability that no interval leaves out the true difference.
        looks: Number of seeds at each look that may take place. Equal numbers are one look.

    Examples:
        >>> round(nominal_level(0.95, (5, 10)), 4)
        0.9706
        >>> nominal_level(0.95, (5,))
        0.95
    """
    return _solved(level, tuple(sorted(set(looks))))


@cache
def _solved(level: float, looks: tuple[int, ...]) -> float:
    """Find the boundary by bisection between a single look and Bonferroni's bound."""
    assert 0.0 < level < 1.0
    assert looks
    assert looks[0] > 0
    if len(looks) == 1:
        return level
    low, high = (float(special.ndtri(1 - (1 - level) / (2 * m))) for m in (1, len(looks)))
    while high - low > 1e-10:
        middle = (low + high) / 2
        if _stays_inside(middle, looks) < level:
            low = middle
        else:
            high = middle
    return float(1 - 2 * special.ndtr(-high))


def _stays_inside(boundary: float, looks: tuple[int, ...]) -> float:
    """Return P(|Z_i| < boundary at all looks).

    √k_i Z_i is a random walk with independent steps of variance k_i − k_(i−1), so the density of
    its place inside the boundary follows from look to look (Armitage, McPherson and Rowe, 1969).
    """
    narrowest = min(now - before for before, now in pairwise(looks))
    nodes, weights = _nodes(_NODES + _MORE_NODES * math.isqrt(looks[-1] // narrowest))
    edge = boundary * looks[0] ** 0.5
    place, mass = edge * nodes, edge * weights
    mass = mass * _density(place, looks[0])
    for before, now in pairwise(looks[:-1]):
        edge = boundary * now**0.5
        steps = edge * nodes[:, None] - place
        place, mass = edge * nodes, edge * weights * (_density(steps, now - before) @ mass)
    edge = boundary * looks[-1] ** 0.5
    step = (looks[-1] - looks[-2]) ** 0.5
    stays = special.ndtr((edge - place) / step) - special.ndtr((-edge - place) / step)
    return float(stays @ mass)


@cache
def _nodes(count: int) -> tuple[Array, Array]:
    """Return places and weights that integrate over −1 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def _density(values: Array, variance: float) -> Array:
    """Return the normal density with mean 0."""
    density: Array = np.exp(-np.square(values) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    return density
