"""Pareto front and hypervolume over several tasks. Higher is better in every coordinate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Above this many 2-D slices the exact sum takes seconds; for a table an estimate is as good.
_EXACT_SLICES = 20_000
_SAMPLES = 100_000


def front(points_ND: Points) -> NDArray[np.bool_]:
    """Find the points that no other point dominates; equal points stay.

    A point dominates another where it is at least as good everywhere, and better somewhere.

    Args:
        points_ND: (N, D) coordinates.

    Returns:
        (N,) mask.

    Examples:
        >>> front(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 1.0]])).tolist()
        [True, True, False]
    """
    count = len(points_ND)
    # What dominates a point has no smaller sum, and comes before it among those of the same sum.
    keys = [*reversed(points_ND.T), points_ND.sum(axis=1)]
    left = np.lexsort(keys)[::-1]
    on_front = np.zeros(count, dtype=bool)
    while len(left):
        point_D, rest_ND = points_ND[left[0]], points_ND[left]
        equal_N = (rest_ND == point_D).all(axis=1)
        on_front[left[equal_N]] = True
        left = left[~(rest_ND <= point_D).all(axis=1)]
    return on_front


def hypervolume(points_ND: Points, reference_D: Points) -> float:
    """Return the volume above the reference point and below at least one of the points.

    It is exact, by slicing along one axis at a time; for many points in many dimensions it is a
    Monte-Carlo estimate from 100,000 seeded samples, the same in every run.

    Args:
        points_ND: (N, D) coordinates.
        reference_D: (D,) point; points that are not above it in every coordinate do not count.

    Examples:
        >>> hypervolume(np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros(2))
        3.0
    """
    shifted_ND = np.asarray(points_ND, dtype=np.float64) - np.asarray(reference_D, dtype=np.float64)
    inside_ND = shifted_ND[(shifted_ND > 0).all(axis=1)]
    if len(inside_ND) == 0:
        return 0.0
    inside_ND = np.unique(inside_ND[front(inside_ND)], axis=0)
    count, dimensions = inside_ND.shape
    if count ** max(0, dimensions - 2) > _EXACT_SLICES:
        return _sampled(inside_ND)
    return _sliced(inside_ND)


def _sliced(points_ND: Points) -> float:
    """Sum over slices of the last axis: thickness × volume of the points that reach that high."""
    if points_ND.shape[1] == 1:
        return float(points_ND.max())
    if points_ND.shape[1] == 2:
        return _staircase(points_ND)
    heights = np.unique(points_ND[:, -1])
    thickness = np.diff(heights, prepend=0.0)
    slices = [points_ND[points_ND[:, -1] >= height, :-1] for height in heights]
    return float(sum(t * _sliced(part) for t, part in zip(thickness, slices, strict=True)))


def _staircase(points_N2: Points) -> float:
    """Return the area below at least one of the points."""
    ordered_N2 = points_N2[np.argsort(-points_N2[:, 0])]
    top = np.maximum.accumulate(ordered_N2[:, 1])
    return float((ordered_N2[:, 0] * np.diff(top, prepend=0.0)).sum())


def _sampled(points_ND: Points) -> float:
    """Estimate the volume by the share of random points that lie below at least one of them."""
    corner_D = points_ND.max(axis=0)
    missed_SD = np.random.default_rng(0).random((_SAMPLES, len(corner_D))) * corner_D
    # The largest boxes first: what they hold needs no further look.
    for point_D in points_ND[np.argsort(-points_ND.prod(axis=1))]:
        missed_SD = missed_SD[(missed_SD > point_D).any(axis=1)]
    return float(corner_D.prod() * (1.0 - len(missed_SD) / _SAMPLES))
