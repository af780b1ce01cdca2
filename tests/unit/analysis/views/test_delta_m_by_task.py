from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.delta_m_by_task import delta_m_by_task
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def test_gains_and_intervals_are_those_of_the_verdict(evidence: Evidence) -> None:
    view = delta_m_by_task(evidence)
    assert view is not None
    assert evidence.verdict.sharing is not None
    for row in view.rows:
        compared = evidence.verdict.sharing.tasks[row["task"]]
        assert row["gain"] == compared.gain.mean == pytest.approx(2 * (0.85 - 0.8))
        assert (row["low"], row["high"]) == compared.interval
        assert row["delta_m"] == pytest.approx(0.05 / 0.8)
    assert view.summary.startswith("2 of 2 tasks are better with the shared network")


def test_nothing_before_finalists(unjudged: Evidence) -> None:
    assert delta_m_by_task(unjudged) is None


def test_a_single_task_is_not_best_and_worst_at_once(tmp_path: Path) -> None:
    builder = whole(Builder(tmp_path / "journal.jsonl", ("left",)).sweep().scales())
    evidence = evidence_of(builder)
    view = delta_m_by_task(evidence)
    assert view is not None
    assert view.summary.startswith("Task left gains ")
    assert "least" not in view.summary
