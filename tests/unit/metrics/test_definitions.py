"""Direction and scale of every metric."""

from __future__ import annotations

import pytest

from mtl_search.metrics.definitions import METRICS


@pytest.mark.parametrize("name", list(METRICS))
def test_normalised_1_is_perfect_and_0_knows_nothing(name: str) -> None:
    metric, deviation = METRICS[name], 3.0
    perfect = 1.0 if metric.higher_is_better else 0.0
    assert metric.normalise(perfect, deviation) == 1.0
    assert metric.normalise(metric.worst * deviation**metric.power, deviation) == 0.0


def test_errors_are_better_when_lower() -> None:
    lower = {name for name, metric in METRICS.items() if not metric.higher_is_better}
    assert lower == {"mse", "rmse", "mae"}


@pytest.mark.parametrize(
    ("name", "value", "expected"), [("auroc", 0.75, 0.5), ("mse", 2.0, 0.5), ("rmse", 3.0, -0.5)]
)
def test_normalised_by_hand(name: str, value: float, expected: float) -> None:
    assert METRICS[name].normalise(value, deviation=2.0) == expected
