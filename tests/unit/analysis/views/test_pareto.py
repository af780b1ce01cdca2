from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.summary import pareto_front
from mtl_search.analysis.views.pareto import pareto
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder
from tests.support.varied_sweeps import accuracy


def test_gains_are_over_the_best_single_task_trials(evidence: Evidence) -> None:
    view = pareto(evidence)
    assert view is not None
    rows = {row["trial"]: row for row in view.rows}
    assert rows["search-0008"]["gain/left"] == pytest.approx(accuracy(2, 4.0) / 0.8 - 1)
    assert rows["search-0008"]["on_front"]
    assert "search-0013" not in rows  # failed
    assert len(rows) == view.about["points"] == 16


def test_the_front_is_that_of_the_report(evidence: Evidence) -> None:
    view = pareto(evidence)
    reference = validation_reference(evidence.record, evidence.tasks)
    front = pareto_front(evidence.record, evidence.tasks, reference)
    assert view is not None
    assert front is not None
    assert {row["trial"] for row in view.rows if row["on_front"]} == set(front.trials)
    assert view.about["hypervolume"] == front.hypervolume


def test_the_summary_has_the_unit_of_a_relative_gain(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("left", "right")).sweep().scales()
    builder.trial("single/left", 0, 0.8)
    builder.trial("single/right", 0, 0.8)
    trial = builder.begin("search", 0)
    builder.epoch(trial, 1, 0.5, {"left": 0.4, "right": 0.6})
    builder.end(trial)
    view = pareto(evidence_of(builder))
    assert view is not None
    assert view.summary.endswith(
        "search-0000, has a Δm of -37.50 % against the best single-task trials; its worst task "
        "has -50.00 %."
    )


def test_the_most_opposed_tasks_are_named(tmp_path: Path) -> None:
    """`right` falls as `left` rises, `same` goes with `left`."""
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    for number in range(5):
        rising, falling = 0.5 + 0.05 * number, 0.9 - 0.05 * number
        trial = builder.begin("search", number)
        builder.epoch(trial, 1, 0.5, {"left": rising, "right": falling, "same": rising})
        builder.end(trial)
    view = pareto(evidence_of(builder))
    assert view is not None
    assert view.about["opposed"] == ["left", "right"]
    assert view.about["against"] == "best"
    assert sum(row["on_front"] for row in view.rows) == 5
