from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.views.tasks.leave_one_out import leave_one_out
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def test_the_gain_is_paired_by_seed_in_skill(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales(0.5)
    whole(builder, trials=1, seeds=3, twins=True)
    assert leave_one_out(evidence_of(builder)) is None
    before = evidence_of(builder).verdict
    ours = [t.test for t in builder.sweep_record.arm("final/search")]
    for seed, drop in enumerate((0.02, 0.03, 0.04)):
        test = {
            "right": ours[seed]["test/right/accuracy"] - drop,
            "same": ours[seed]["test/same/accuracy"],
        }
        builder.finalist("without/left", seed, test, origin="search-0000")
    evidence = evidence_of(builder)
    view = leave_one_out(evidence)
    assert view is not None
    rows = {row["task"]: row for row in view.rows}
    assert list(rows) == ["mean", "right", "same"]
    assert rows["right"]["gain"] == pytest.approx(0.06)  # an accuracy of .01 is a skill of .02
    assert rows["right"]["seeds"] == 3
    assert 0 < rows["right"]["low"] < 0.06 < rows["right"]["high"]
    assert rows["same"]["gain"] == pytest.approx(0.0)
    assert rows["mean"]["gain"] == pytest.approx(0.03)
    assert view.summary == (
        "The others gain most from left (+3.00 points of skill). "
        "0 lies outside 1 of the 1 intervals over seeds."
    )
    # The verdict neither changes, nor speaks of it as of an auxiliary task.
    assert evidence.verdict.sentence() == before.sentence()
    assert evidence.verdict.auxiliary == {}
    assert "without/left" not in evidence.verdict.winners


def test_gains_within_the_luck_of_seeds_are_said_so(tmp_path: Path) -> None:
    builder = whole(Builder(tmp_path / "journal.jsonl").sweep().scales(0.5), trials=1, seeds=3)
    for seed, change in enumerate((0.02, -0.02, 0.01)):
        ours = builder.sweep_record.arm("final/search")[seed].test
        test = {task: ours[f"test/{task}/accuracy"] + change for task in ("right", "same")}
        builder.finalist("without/left", seed, test, origin="search-0000")
    view = leave_one_out(evidence_of(builder))
    assert view is not None
    assert view.summary.endswith("No interval excludes 0: seeds alone may make such differences.")
