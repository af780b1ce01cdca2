from __future__ import annotations

import itertools

import numpy as np
import pytest

from mtl_search.analysis.statistics import pareto
from mtl_search.analysis.statistics.pareto import Points, front, hypervolume


def brute_front(points: Points) -> list[bool]:
    return [not any((q >= p).all() and (q > p).any() for q in points) for p in points]


def brute_volume(points: Points, reference: Points) -> float:
    """Inclusion and exclusion over all subsets of boxes."""
    sides = np.clip(points - reference, 0, None)
    total = 0.0
    for size in range(1, len(points) + 1):
        for subset in itertools.combinations(range(len(points)), size):
            total += (-1) ** (size + 1) * float(np.prod(sides[list(subset)].min(axis=0)))
    return total


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", range(4))
def test_front_and_volume_equal_brute_force(dimensions: int, seed: int) -> None:
    # Rounded, so that points tie in single coordinates and some are equal.
    points = np.random.default_rng(seed).random((9, dimensions)).round(1)
    reference = np.full(dimensions, 0.15)
    assert front(points).tolist() == brute_front(points)
    assert hypervolume(points, reference) == pytest.approx(brute_volume(points, reference))


def test_known_volumes() -> None:
    assert hypervolume(np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros(2)) == pytest.approx(3.0)
    assert hypervolume(np.array([[1.0, 1.0], [1.0, 1.0]]), np.zeros(2)) == pytest.approx(1.0)
    assert hypervolume(np.array([[-1.0, 5.0]]), np.zeros(2)) == 0.0
    assert hypervolume(np.empty((0, 3)), np.zeros(3)) == 0.0


def test_estimate_is_close_to_the_exact_volume_and_repeatable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = np.random.default_rng(0).random((30, 3))
    exact = hypervolume(points, np.zeros(3))
    monkeypatch.setattr(pareto, "_EXACT_SLICES", 0)
    assert hypervolume(points, np.zeros(3)) == pytest.approx(exact, rel=0.01)
    assert hypervolume(points, np.zeros(3)) == hypervolume(points, np.zeros(3))


def test_many_tasks_take_no_time() -> None:
    points = np.random.default_rng(0).random((100, 12))
    assert 0 < hypervolume(points, np.zeros(12)) < 1
