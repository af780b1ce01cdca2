"""Holm's adjusted p-values: by definition, and by what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from mtl_search.analysis.statistics.holm import holm


def rejected(p_values: list[float], level: float) -> set[int]:
    """The step-down test as Holm describes it."""
    claims: set[int] = set()
    for step, index in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[index] > level / (len(p_values) - step):
            break
        claims.add(int(index))
    return claims


@pytest.mark.parametrize("number", range(10))
def test_a_claim_is_below_the_level_where_the_step_down_test_rejects(number: int) -> None:
    random = np.random.default_rng(number)
    p_values = (random.random(6) ** 3).tolist()
    p_values[3] = p_values[0]  # a tie
    adjusted = holm({str(index): value for index, value in enumerate(p_values)})
    for level in np.linspace(0.001, 0.999, 200):
        assert {int(name) for name, p in adjusted.items() if p <= level} == rejected(
            p_values, level
        )


def test_order_bounds_and_the_smallest_sets() -> None:
    p_values = {"c": 0.04, "a": 0.01, "b": 0.03, "d": 0.9}
    adjusted = holm(p_values)
    assert list(adjusted) == list(p_values)
    assert adjusted == pytest.approx({"c": 0.09, "a": 0.04, "b": 0.09, "d": 0.9})
    assert holm({"one": 0.02}) == {"one": 0.02}
    assert holm({}) == {}
    assert holm({"a": 0.7, "b": 0.8}) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize("common", [0.0, 0.7, 1.0])
def test_any_false_claim_is_rare_whatever_they_have_in_common(common: float) -> None:
    random = np.random.default_rng(0)
    wrong = raw = 0
    for _ in range(2000):
        z = common**0.5 * random.normal() + (1 - common) ** 0.5 * random.normal(size=5)
        p_values = {str(i): float(p) for i, p in enumerate(2 * special.ndtr(-np.abs(z)))}
        p_values["true"] = 1e-9  # a claim that holds, and takes its place in the order
        wrong += any(p < 0.05 for name, p in holm(p_values).items() if name != "true")
        raw += any(p < 0.05 for name, p in p_values.items() if name != "true")
    assert wrong / 2000 < 0.06
    assert common == 1.0 or raw / 2000 > 0.1
