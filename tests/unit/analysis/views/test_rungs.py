from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.summary import rung_correlations
from mtl_search.analysis.views.rungs import rungs
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def test_a_slow_task_is_told_from_a_quick_one(evidence: Evidence) -> None:
    """At epoch 1 `left` has the order of the end, and `right` the opposite one."""
    view = rungs(evidence)
    assert view is not None
    by_name = {row["of"]: row for row in view.rows}
    assert by_name["left"]["correlation"] == pytest.approx(1.0)
    assert by_name["right"]["correlation"] == pytest.approx(-1.0)
    assert by_name["left"]["trials"] == 9
    assert "least foretold is right (-1.00)" in view.summary


def test_the_objective_is_that_of_the_terminal(evidence: Evidence) -> None:
    view = rungs(evidence)
    (rung,) = rung_correlations(evidence.record, evidence.tasks)
    assert view is not None
    assert view.rows[0]["correlation"] == rung.spearman
    assert (view.rows[0]["arm"], view.rows[0]["epoch"]) == ("search", 1)


def test_nothing_where_no_trial_was_stopped(tmp_path: Path) -> None:
    assert rungs(evidence_of(whole(Builder(tmp_path / "journal.jsonl")))) is None
