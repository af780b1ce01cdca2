from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.depth import depth
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder
from tests.support.varied_sweeps import RATIOS, accuracy, skill


def test_best_and_mean_of_each_depth(evidence: Evidence) -> None:
    view = depth(evidence)
    assert view is not None
    groups = {group["depth"]: group for group in view.about["depths"]}
    assert list(groups) == ["0", "1", "2"]
    deepest = [accuracy(2, ratio) for ratio in RATIOS] + [accuracy(2, 1.0)]
    assert groups["2"]["trials"] == len(deepest)
    assert groups["2"]["best"] == pytest.approx(skill(max(deepest)))
    assert groups["2"]["mean"] == pytest.approx(statistics.fmean(map(skill, deepest)))
    assert {row["parameters"] for row in view.rows if row["depth"] == "2"} == {2000}
    assert "reached at depth 2" in view.summary


def test_a_depth_a_task_stands_between_the_others(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    depths = [2, {"left": 0, "right": 2, "same": 1}, 0]
    for number, value in enumerate(depths):
        builder.trial("search", number, 0.6 + 0.1 * number, depth=value)
    view = depth(evidence_of(builder))
    assert view is not None
    assert [group["depth"] for group in view.about["depths"]] == ["0", "0:2:1", "2"]


def test_a_single_depth_says_nothing(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    for number in range(3):
        builder.trial("search", number, 0.6 + 0.1 * number)
    assert depth(evidence_of(builder)) is None
