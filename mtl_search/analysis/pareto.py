"""Pareto front and hypervolume of trials over several tasks. Every coordinate is better when it is higher."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Above this many 2-D slices the exact sum takes seconds, and an estimate is as good for a table.
_EXACT_SLICES = 20_000
_SAMPLES = 100_000


def front(points_ND: Points) -> NDArray[np.bool_]:
    """Which points no other point dominates (at least as good everywhere, better somewhere); equal points stay.

    Args:
        points_ND: (N, D) coordinates.

    Returns:
        (N,) mask.
    """
    at_least_NN = np.all(points_ND[None] >= points_ND[:, None], axis=-1)
    better_NN = np.any(points_ND[None] > points_ND[:, None], axis=-1)
    dominated_N: NDArray[np.bool_] = np.any(at_least_NN & better_NN, axis=1)
    return ~dominated_N


def hypervolume(points_ND: Points, reference_D: Points) -> float:
    """Volume that lies above the reference point and below at least one of the points.

    Exact by slicing along one axis at a time; for many points in many dimensions a Monte-Carlo estimate from 100,000
    seeded samples, the same in every run.

    Args:
        points_ND: (N, D) coordinates.
        reference_D: (D,) point; what is not above it in every coordinate counts nothing.
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
    """Sum over slices of the last axis: thickness × volume of what reaches that high, one dimension less."""
    if points_ND.shape[1] == 1:
        return float(points_ND.max())
    if points_ND.shape[1] == 2:
        return _staircase(points_ND)
    heights = np.unique(points_ND[:, -1])
    thickness = np.diff(heights, prepend=0.0)
    slices = [points_ND[points_ND[:, -1] >= height, :-1] for height in heights]
    return float(sum(t * _sliced(part) for t, part in zip(thickness, slices, strict=True)))


def _staircase(points_N2: Points) -> float:
    ordered_N2 = points_N2[np.argsort(-points_N2[:, 0])]
    top = np.maximum.accumulate(ordered_N2[:, 1])
    return float((ordered_N2[:, 0] * np.diff(top, prepend=0.0)).sum())


def _sampled(points_ND: Points) -> float:
    corner_D = points_ND.max(axis=0)
    samples_SD = np.random.default_rng(0).random((_SAMPLES, len(corner_D))) * corner_D
    hit_S = np.zeros(_SAMPLES, dtype=bool)
    for point_D in points_ND:
        hit_S |= (samples_SD <= point_D).all(axis=1)
    return float(corner_D.prod() * hit_S.mean())
