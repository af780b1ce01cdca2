"""The table with one row a task."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from mtl_search.analysis.by_task import TaskRow
from mtl_search.analysis.verdict import Verdict
from mtl_search.report.by_task_table import print_rows
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


def test_very_many_tasks_have_a_summary_and_the_five_best_and_worst() -> None:
    rows = [
        TaskRow(
            f"task_{n:03d}", "auroc", 0.5, 0.6, 0.6, 0.6 + n / 1000, n / 1000 - 0.05, None, 0.5,
            None, None, None, {},
        )
        for n in range(100)
    ]  # fmt: skip
    console = Console(width=150, record=True, file=io.StringIO())
    print_rows(rows, Verdict("don't know"), console)
    text = console.export_text()
    assert "Over 100 tasks" in text
    assert "median" in text
    assert "49 of 100" in text
    assert [f"task_{n:03d}" in text for n in (99, 95, 94, 5, 4, 0)] == [
        True, True, False, False, True, True,
    ]  # fmt: skip
    assert "--csv FOLDER" in text
    assert max(map(len, text.splitlines())) <= 150
    assert len(text.splitlines()) < 40
