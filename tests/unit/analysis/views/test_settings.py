from __future__ import annotations

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.settings import settings


def test_each_arm_has_the_settings_of_its_winner(evidence: Evidence) -> None:
    view = settings(evidence)
    assert view is not None
    rows = {row["setting"]: row for row in view.rows}
    assert rows["model.sharing.depth"]["recommended"] == "2"
    assert rows["tasks.right.loss_weight"]["recommended"] == "1.6000"
    assert rows["tasks.right.loss_weight"]["equal"] == "1.0000"
    assert rows["parameters"]["search"] == "2,000"
    assert rows["parameters"]["single"] == "1,000"
    assert view.about["recommended"] == ["search-0008"]
    assert "search-0008" in view.summary


def test_before_finalists_the_best_trials_speak(unjudged: Evidence) -> None:
    view = settings(unjudged)
    assert view is not None
    assert [column.name for column in view.columns] == ["setting", "equal", "search", "single"]
