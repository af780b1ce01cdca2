"""Names, tags and points in MLflow, without MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.storage.arm_name import SEARCH, ArmName
from mtl_search.storage.records import SweepRecord
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


SINGLE = ArmName.single("left")
WITH_SCALES = SweepRecord(scales={"left/accuracy": (0.1, 1.0), "same/accuracy": (0.5, 1.0)})


def test_a_skill_is_called_so_in_every_arm() -> None:
    for arm in (SEARCH, SEARCH.final, SINGLE, SINGLE.final, ArmName.warmup("uw")):
        assert objective_name(arm, config(), WITH_SCALES) == "val/skill"
    # It takes the place of Δm where there are no single-task arms.
    changes: dict[str, Any] = {"search.objective": "delta_m", "search.arms": ["search"]}
    assert objective_name(SEARCH, config(**changes), WITH_SCALES) == "val/skill"


def test_what_is_no_skill_is_not_called_so() -> None:
    record = SweepRecord()  # of version 0.1, whose journal has no scales
    assert objective_name(SEARCH, config(), record) == "val/objective"
    own = SweepRecord(scales=WITH_SCALES.scales, custom_objective=True)
    assert objective_name(SEARCH, config(), own) == "val/objective"
    assert objective_name(SINGLE, config(), own) == "val/objective"
    # Its first metric has no scale, so the task is judged by its loss when it is alone.
    assert objective_name(ArmName.single("right"), config(), WITH_SCALES) == "val/objective"


def test_the_metric_that_the_head_chooses_is_known_by_its_scale() -> None:
    overrides: dict[str, Any] = {"tasks.left.metrics": [], "tasks.right.metrics": []}
    settings = config(**overrides)
    assert objective_name(SINGLE, settings, WITH_SCALES) == "val/skill"
    assert objective_name(ArmName.single("right"), settings, WITH_SCALES) == "val/objective"


def test_only_what_is_delta_m_is_called_so() -> None:
    settings = config(**{"search.objective": "delta_m"})
    assert objective_name(SEARCH, settings, WITH_SCALES) == "val/delta_m"
    assert objective_name(SEARCH.final, settings, SweepRecord()) == "val/delta_m"
    assert objective_name(SINGLE, settings, WITH_SCALES) == "val/objective"
    assert objective_name(SINGLE.final, settings, WITH_SCALES) == "val/objective"
    own = SweepRecord(custom_objective=True)
    assert objective_name(SEARCH, settings, own) == "val/objective"
    changes = {"search.objective": "val/left/accuracy"}
    assert objective_name(SEARCH, config(**changes), WITH_SCALES) == "val/objective"


def test_an_offered_trial_has_its_role_and_origin(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    record = builder.sweep_record
    given = builder.trial("single/left", 0, 0.5)
    trial = builder.begin("equal", 0, origin=given, role="offered")
    tags = trial_tags(record.trials[trial], record, "parent")
    assert (tags["mtl_search.role"], tags["mtl_search.origin"]) == ("offered", given)
    assert "mtl_search.role" not in trial_tags(record.trials[given], record, "parent")


def test_the_cursor_is_the_last_point_of_an_epoch(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.sweep_record.trials[builder.trial("search", 0, 0.5, epochs=2)]
    points = epoch_points(trial, trial.epochs[1], config(), builder.sweep_record)
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


@pytest.mark.parametrize("pack", [16, "apart: out of memory"])
def test_the_pack_of_a_trial_is_a_tag(tmp_path: Path, pack: int | str) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    record = builder.sweep_record
    trial = record.trials[builder.trial("search", 0, 0.5, pack=pack)]
    assert trial_tags(trial, record, "parent")["mtl_search.pack"] == str(pack)
