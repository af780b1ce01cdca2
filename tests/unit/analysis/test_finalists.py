"""Who speaks for an arm: chosen by validation among finalists that have all they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.finalists import common_names, seed_indices, select_finalists
from tests.support.recorded_sweeps import Builder

TASKS = {"left": ("accuracy",), "right": ("accuracy",)}
TEST = {"left": 0.5, "right": 0.5}


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl", tuple(TASKS)).sweep()


def test_two_seeds_stand_above_a_single_lucky_one(builder: Builder) -> None:
    builder.finalist("search", 0, TEST, val=0.9, origin="lucky")
    for number, value in [(1, 0.5), (2, 0.6)]:
        builder.finalist("search", number, TEST, val=value, origin="steady")
    selection = select_finalists(builder.sweep_record, TASKS)
    assert selection.winners["search"].origin == "steady"
    assert selection.winners["search"].trials == {
        0: "final-search-0001",
        1: "final-search-0002",
    }
    assert list(selection.winners) == ["search"]
    assert selection.notes == []


def test_a_failure_has_had_its_seed(builder: Builder) -> None:
    builder.finalist("equal", 0, TEST, state="FAIL")
    builder.finalist("equal", 1, TEST)
    selection = select_finalists(builder.sweep_record, TASKS)
    assert selection.winners["equal"].trials == {1: "final-equal-0001"}
    assert selection.runs["equal"] == {1: {"test/left/accuracy": 0.5, "test/right/accuracy": 0.5}}
    assert selection.notes == ["1 of 2 finalists of arm equal count (1 failed)"]


def test_a_single_task_needs_only_its_own_metrics(builder: Builder) -> None:
    builder.finalist("single/left", 0, {"left": 0.5})
    builder.finalist("equal", 0, {"left": 0.5})
    selection = select_finalists(builder.sweep_record, TASKS)
    assert list(selection.winners) == ["single/left"]
    assert selection.notes == ["0 of 1 finalists of arm equal count (1 without test metrics)"]


def test_ablations_come_last(builder: Builder) -> None:
    for arm in ("without/same", "search", "single/right"):
        builder.finalist(arm, 0, TEST)
    winners = select_finalists(builder.sweep_record, TASKS).winners
    assert list(winners) == ["single/right", "search", "without/same"]
    assert winners["without/same"].arm.is_ablation


def test_seed_indices_count_each_configuration(builder: Builder) -> None:
    for number, origin in enumerate(["a", "b", "a", "a", "b"]):
        builder.finalist("search", number, TEST, origin=origin)
    indices = seed_indices(builder.sweep_record.arm("final/search"))
    assert list(indices.values()) == [0, 0, 1, 2, 1]


def test_common_names_keep_the_order_of_the_first_run() -> None:
    assert common_names([{"b": 1.0, "a": 1.0, "c": 1.0}, {"a": 1.0, "b": 1.0}]) == ["b", "a"]
    assert common_names([]) == []
