"""The expected maximum of normal values: closed forms, integration by another way, simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special

from mtl_search.analysis.statistics.selection_floor import expected_best


def test_closed_forms() -> None:
    assert expected_best(1) == pytest.approx(0.0, abs=1e-12)
    assert expected_best(2) == pytest.approx(1 / math.sqrt(math.pi))
    assert expected_best(3) == pytest.approx(1.5 / math.sqrt(math.pi))
    five = 5 / (4 * math.sqrt(math.pi)) * (1 + 6 / math.pi * math.asin(1 / 3))
    assert expected_best(5) == pytest.approx(five)


@pytest.mark.parametrize("count", [4, 10, 20, 40, 1000, 1_000_000])
def test_it_is_the_integral_of_the_density(count: int) -> None:
    def integrand(x: float) -> float:
        logarithm = (count - 1) * special.log_ndtr(x) - x**2 / 2
        return float(x * count * np.exp(logarithm) / math.sqrt(2 * math.pi))

    expected, _ = integrate.quad(integrand, -12, 12, points=[0, 2, 4, 6], epsabs=1e-12, limit=500)
    assert expected_best(count) == pytest.approx(expected, rel=1e-7)


def test_it_is_what_simulation_shows_and_grows() -> None:
    values = np.random.default_rng(0).normal(size=(20_000, 20)).max(axis=1)
    assert expected_best(20) == pytest.approx(values.mean(), abs=0.02)
    found = [expected_best(count) for count in range(1, 60)]
    assert all(np.diff(found) > 0)
    assert all(np.diff(found, n=2) < 0)
