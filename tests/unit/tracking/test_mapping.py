"""Names, tags and points in MLflow, without MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.storage.arm_name import SEARCH, ArmName
from mtl_search.tracking.mapping import (
    CURSOR,
    clean_name,
    clean_names,
    epoch_points,
    objective_name,
    trial_tags,
)
from tests.support.recorded_sweeps import Builder, config


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("val/left/accuracy", "val/left/accuracy"),
        ("val/left/mine:Metric", "val/left/mine:Metric"),
        ("a%b", "a_b"),
        ("/a//./b/", "a/b"),
        ("a/../b", "a/__/b"),
        ("", "_"),
        ("x" * 300, "x" * 250),
    ],
)
def test_a_name_is_one_that_mlflow_accepts(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned
    assert clean_name(cleaned) == cleaned


def test_two_names_that_become_the_same_stay_two() -> None:
    cleaned = clean_names({"a%": 1, "a&": 2})
    assert list(cleaned.values()) == [1, 2]
    assert all(name.startswith("a_") for name in cleaned)


def test_only_what_is_delta_m_is_called_so() -> None:
    delta_m = {"search.objective": "delta_m"}
    assert objective_name(SEARCH, config(**delta_m)) == "val/delta_m"
    assert objective_name(SEARCH.final, config(**delta_m)) == "val/delta_m"
    assert objective_name(ArmName.single("left"), config(**delta_m)) == "val/objective"
    assert objective_name(ArmName.single("left").final, config(**delta_m)) == "val/objective"
    others: list[dict[str, Any]] = [{}, {"search.objective": "val/left/accuracy"}]
    for changes in (*others, {**delta_m, "search.arms": ["search"]}):
        assert objective_name(SEARCH, config(**changes)) == "val/objective"


def test_the_cursor_is_the_last_point_of_an_epoch(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.sweep_record.trials[builder.trial("search", 0, 0.5, epochs=2)]
    points = epoch_points(trial, trial.epochs[1], config())
    assert (points[-1].name, points[-1].value) == (CURSOR, 2)
    assert {point.step for point in points} == {2}
    assert {point.time for point in points} == {round(1000 * trial.epochs[1].time)}


def test_tags_are_texts_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    record = builder.sweep_record
    tags = trial_tags(record.trials[builder.trial("search", 0, 0.5)], record, "parent")
    assert {type(value) for value in tags.values()} == {str}
    assert tags["mtl_search.arm"] == "search"
    assert tags["mtl_search.parameters"] == "1500"
    assert tags["mtl_search.weights"] == '{"left": 1.0, "right": 1.0, "same": 1.0}'
    assert "mtl_search.origin" not in tags
