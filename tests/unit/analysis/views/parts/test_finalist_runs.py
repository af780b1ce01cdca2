from __future__ import annotations

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.parts.finalist_runs import finalist_runs
from tests.support.varied_sweeps import skill


def test_values_are_by_seed(evidence: Evidence) -> None:
    runs = {run.arm: run for run in finalist_runs(evidence)}
    assert runs["single"].test_skill == pytest.approx([skill(v) for v in (0.79, 0.80, 0.81)])
    assert runs["search"].val_skill == pytest.approx([skill(v) for v in (0.92, 0.93, 0.94)])
    assert runs["search"].is_recommended
    assert not runs["equal"].is_recommended
    assert runs["search"].settings["origin"] == "search-0008"


def test_none_before_finalists(unjudged: Evidence) -> None:
    assert list(finalist_runs(unjudged)) == []
