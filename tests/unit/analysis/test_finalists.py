"""Which configuration speaks for an arm: always by the validation of fresh seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.analysis.finalists import finalists_of, missing_note, recommended, winner_of
from mtl_search.storage.arm_name import EQUAL, SEARCH
from tests.support.recorded_sweeps import TASKS, Builder


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


def add(builder: Builder, arm: str, origin: str, values: list[float], test: float = 0.5) -> None:
    begun = len(builder.sweep_record.arm(f"final/{arm}"))
    for number, value in enumerate(values):
        scores = dict.fromkeys(TASKS, test)
        builder.finalist(arm, begun + number, scores, val=value, origin=origin)


def test_the_winner_has_the_best_mean_validation_whatever_its_test_metrics(
    builder: Builder,
) -> None:
    add(builder, "search", "search-0007", [0.6, 0.6], test=0.99)
    add(builder, "search", "search-0002", [0.8, 0.8], test=0.7)
    assert winner_of(builder.sweep_record, SEARCH) == "search-0002"


def test_the_winner_of_a_race_stays_it_when_later_seeds_are_worse(builder: Builder) -> None:
    add(builder, "search", "a", [0.9, 0.9, 0.5, 0.5, 0.5])
    add(builder, "search", "b", [0.8, 0.8])
    assert winner_of(builder.sweep_record, SEARCH) == "a"


def test_one_lucky_seed_does_not_win(builder: Builder) -> None:
    builder.finalist("search", 0, {}, val=0.99, origin="a", state="FAIL")
    add(builder, "search", "a", [0.99])
    add(builder, "search", "b", [0.8, 0.8])
    assert winner_of(builder.sweep_record, SEARCH) == "b"


def test_an_arm_without_finalists_has_no_winner(builder: Builder) -> None:
    builder.begin("final/search", 0)
    assert winner_of(builder.sweep_record, SEARCH) is None
    assert recommended(builder.sweep_record) is None


@pytest.mark.parametrize(
    ("equal", "arm"), [([0.9, 0.9, 0.1], "equal"), ([0.7, 0.7, 0.9], "search")]
)
def test_the_better_shared_arm_is_recommended_by_the_seeds_that_both_have(
    builder: Builder, equal: list[float], arm: str
) -> None:
    for name in ("equal", "search"):
        for number in range(4):
            builder.trial(name, number, 0.8)
    add(builder, "equal", "equal-0003", equal)
    add(builder, "search", "search-0001", [0.8, 0.8])
    best = recommended(builder.sweep_record)
    assert best is not None
    assert (best.arm, best.depth, best.shares_nothing) == (arm, 2, False)


def test_of_two_alike_the_simpler_one_is_recommended(builder: Builder) -> None:
    for name in ("equal", "search"):
        builder.trial(name, 0, 0.8)
        add(builder, name, f"{name}-0000", [0.8, 0.8])
    best = recommended(builder.sweep_record)
    assert best is not None
    assert (best.arm, best.has_equal_weights) == (EQUAL, True)


@pytest.mark.parametrize(
    ("info", "equal"),
    [({"weights": {"a": 1.0, "b": 2.0}}, False), ({"adaptive": True}, False), ({}, True)],
)
def test_weights_are_equal_where_none_differs_and_nothing_adapts(
    builder: Builder, info: dict[str, Any], *, equal: bool
) -> None:
    for number in range(2):
        scores = dict.fromkeys(TASKS, 0.5)
        builder.finalist("search", number, scores, origin="search-0000", **info)
    best = recommended(builder.sweep_record)
    assert best is not None
    assert best.has_equal_weights == equal


def test_seeds_are_counted_within_a_configuration_and_failures_are_told(builder: Builder) -> None:
    add(builder, "search", "a", [0.8])
    builder.finalist("search", 1, {}, origin="b", state="FAIL")
    add(builder, "search", "b", [0.9])
    record = builder.sweep_record
    assert {i: t.id for i, t in finalists_of(record, SEARCH, "b").items()} == {
        1: "final-search-0002"
    }
    assert missing_note(SEARCH, record, "a") == ""
    assert missing_note(SEARCH, record, "b") == "1 of 2 finalists of arm search count (1 failed)"
