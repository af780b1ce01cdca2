"""Networks that are worse than a constant prediction."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.health.trivial_prediction import check_trivial_prediction
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def test_all_is_well(builder: Builder) -> None:
    assert check_trivial_prediction(evidence_of(whole(builder))).ok is True


@pytest.mark.parametrize(
    ("test", "val", "seen"),
    [(0.4, 0.8, "skill -0.200 on test"), (0.8, 0.45, "skill -0.100 on validation")],
)
def test_a_single_task_below_is_named_with_its_split(
    builder: Builder, test: float, val: float, seen: str
) -> None:
    for number in range(2):
        builder.finalist("single/left", number, {"left": test}, val=val)
        builder.finalist("single/right", number, {"right": 0.9}, val=0.9)
    check = check_trivial_prediction(evidence_of(builder))
    assert check.ok is False
    assert check.text.startswith(f"task left: its own network has {seen}: ")
    assert "right" not in check.text.split(": train longer")[0]
    assert "training.epochs" in check.text


def test_a_network_that_has_collapsed_is_told_with_both_splits(builder: Builder) -> None:
    for number in range(2):
        builder.finalist("single/left", number, {"left": 0.502}, val=0.499)
    check = check_trivial_prediction(evidence_of(builder))
    seen = "task left: its own network has skill -0.002 on validation and +0.004 on test: "
    assert check.text.startswith(seen)


def test_the_shared_network_counts_too(builder: Builder) -> None:
    scores = {"left": 0.9, "right": 0.45, "same": 0.9}
    for number in range(2):
        builder.finalist("search", number, scores, val=0.8)
    check = check_trivial_prediction(evidence_of(builder))
    assert check.text.startswith("task right: the shared network has skill -0.100 on test: ")


def test_without_finalists_the_best_trial_is_looked_at(builder: Builder) -> None:
    builder.trial("single/left", 0, 0.3)
    assert check_trivial_prediction(evidence_of(builder)).ok is False
    builder.trial("single/left", 1, 0.8)
    assert check_trivial_prediction(evidence_of(builder)).ok is True


def test_nothing_is_said_without_scales(tmp_path: Path) -> None:
    old = whole(Builder(tmp_path / "journal.jsonl").sweep())
    assert check_trivial_prediction(evidence_of(old)).ok is None
    assert check_trivial_prediction(evidence_of(Builder(tmp_path / "new.jsonl").sweep())).ok is None
