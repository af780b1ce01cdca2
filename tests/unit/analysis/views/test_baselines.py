from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health.sklearn_reference import check_sklearn_reference
from mtl_search.analysis.views.baselines import baselines
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole
from tests.support.varied_sweeps import skill, varied_builder


def test_models_are_compared_on_the_scale_of_skill(tmp_path: Path) -> None:
    builder = varied_builder(tmp_path)
    builder.baseline("left", "linear", 0.9)
    builder.baseline("right", "linear", 0.6)
    view = baselines(evidence_of(builder))
    assert view is not None
    left, right = view.rows
    assert (left["linear"], left["constant"]) == (0.9, 0.5)
    assert left["skill/linear"] == pytest.approx(skill(0.9))
    assert right["skill/shared"] == pytest.approx(skill(0.85))
    assert view.summary == (
        "In 1 of 2 tasks a model of scikit-learn is more than 0.5 points of skill ahead of the "
        "networks: left."
    )


def test_without_simple_models_the_networks_stand_alone(evidence: Evidence) -> None:
    view = baselines(evidence)
    assert view is not None
    assert view.about["shown"] == ["single", "shared"]
    assert view.summary.startswith(
        "No model of scikit-learn was scored beside the networks of 2 tasks"
    )


def test_nothing_before_finalists(unjudged: Evidence) -> None:
    assert baselines(unjudged) is None


def test_a_single_task_is_told_as_one(tmp_path: Path) -> None:
    builder = whole(Builder(tmp_path / "journal.jsonl", ("left",)).sweep().scales())
    view = baselines(evidence_of(builder))
    assert view is not None
    assert view.summary.endswith("the networks of 1 task.")


def test_as_many_tasks_are_behind_as_by_the_health_check(tmp_path: Path) -> None:
    """A lead within the margin counts in neither."""
    builder = varied_builder(tmp_path)
    builder.baseline("left", "linear", 0.9)
    builder.baseline("right", "linear", 0.852)  # the network has 0.85
    evidence = evidence_of(builder)
    view = baselines(evidence)
    assert view is not None
    assert view.summary.startswith("In 1 of 2 tasks")
    assert "1 of 2 tasks is behind" in check_sklearn_reference(evidence).text
