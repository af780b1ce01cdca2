"""The table with one row a task."""

from __future__ import annotations

import pytest

from tests.support.recorded_sweeps import TASKS, Builder, config, whole
from tests.support.reports import report_text


def table(builder: Builder, width: int, objective: str = "skill") -> str:
    settings = config(**{"search.objective": objective})
    printed = report_text(builder.sweep_record, settings, width)
    return printed.split("By task")[1].split("What each arm took")[0]


def test_what_is_claimed_has_a_star(builder: Builder) -> None:
    for seed in range(5):
        step = 0.001 * (seed - 2)
        for task in TASKS:
            builder.finalist(f"single/{task}", seed, {task: 0.8 + step})
        builder.finalist("search", seed, {"left": 0.9 + step, "right": 0.8, "same": 0.8})
    rows = [line.split() for line in table(builder.scales(), 200).splitlines()]
    left = next(row for row in rows if row[:1] == ["left"])
    right = next(row for row in rows if row[:1] == ["right"])
    assert left[:5] == ["left", "accuracy", "0.5000", "0.8000", "0.9000"]
    assert left[5] == "+20.00"  # 0.1 of a scale of 0.5
    assert "<0.001*" in left
    assert not any(cell.endswith("*") for cell in right)


def test_the_measure_is_named(builder: Builder) -> None:
    whole(builder.scales(), twins=True)
    assert "skill gain" in table(builder, 200)
    assert "Δm %" in table(builder, 200)
    assert "skill gain" not in table(builder, 200, "delta_m")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_gains_and_claims_are_in_the_first_part(builder: Builder, width: int) -> None:
    whole(builder.scales(), twins=True)
    first = table(builder, width).split("task")[1]
    assert "single" in first
    assert "shared" in first


def test_references_of_scikit_learn_stand_beside_the_networks(builder: Builder) -> None:
    whole(builder.scales())
    assert "linear" not in table(builder, 200)
    builder.baseline("left", "linear", 0.8123)
    builder.baseline("left", "gradient_boosting", 0.8765)
    shown = table(builder, 200)
    assert "linear" in shown
    assert "boosting" in shown
    row = next(line for line in shown.splitlines() if line.split()[:1] == ["left"])
    assert row.split()[-2:] == ["0.8123", "0.8765"]
