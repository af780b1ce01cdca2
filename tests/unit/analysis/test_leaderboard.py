"""The rows of the leaderboard: their figures, columns and order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from mtl_search.analysis.leaderboard import (
    TrialRow,
    leaderboard,
    leaderboard_columns,
    leaderboard_rows,
)
from mtl_search.analysis.references import journal_metrics, main_metrics, validation_reference
from mtl_search.analysis.summary import pareto_points
from mtl_search.config import load_config
from mtl_search.metrics.objective import delta_m
from mtl_search.storage.journal import read_record
from tests.support.recorded_sweeps import TASKS, Builder, config
from tests.support.repository import REPOSITORY

SWEEPS = REPOSITORY / "tests" / "fixtures" / "sweeps"
METRICS = dict.fromkeys(TASKS, ("accuracy",))


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


def test_leaderboard_recomputes_delta_m_from_the_journal(builder: Builder) -> None:
    builder.trial("single/left", 0, 0.8)
    builder.trial("single/right", 0, 0.5)
    builder.trial("single/same", 0, 0.9)
    trial = builder.begin("search", 0)
    # What the scheduler saw was worked out with another reference.
    builder.epoch(trial, 1, 0.123, {"left": 0.88, "right": 0.55, "same": 0.9})
    builder.end(trial)
    reference = validation_reference(builder.sweep_record, METRICS)
    row = leaderboard(builder.sweep_record, config()).set_index("trial").loc["search-0000"]
    assert row["delta_m"] == pytest.approx((0.1 + 0.1 + 0.0) / 3)
    assert row["objective"] == 0.123
    best = builder.sweep_record.trials[trial].best
    assert best is not None
    assert row["delta_m"] == pytest.approx(delta_m(best.metrics, reference, METRICS))


def test_leaderboard_columns_and_order(builder: Builder) -> None:
    builder.trial("search", 0, 0.7)
    builder.trial("search", 1, 0.9, state="PRUNED", epochs=2)
    builder.begin("search", 2)
    builder.trial("equal", 0, 0.8, depth={"left": 1, "right": 2})
    builder.trial("single/left", 0, 0.8)
    table = leaderboard(builder.sweep_record, config())
    assert list(table["trial"]) == [
        "single-left-0000",
        "equal-0000",
        "search-0001",
        "search-0000",
        "search-0002",
    ]
    assert list(table["state"]) == ["COMPLETE", "COMPLETE", "PRUNED", "COMPLETE", "RUNNING"]
    assert list(table["depth"]) == [None, {"left": 1, "right": 2}, 2, 2, 2]
    row = table.set_index("trial").loc["search-0001"]
    assert (row["best_epoch"], row["epochs"], row["seconds"], row["lr"]) == (2, 2, 1.0, 0.01)
    assert row["parameters"] == 1500
    assert row["weight/left"] == 1.0
    assert math.isnan(table["delta_m"].iloc[1])  # no reference for right and same


def test_best_epoch_is_shown_not_the_last(builder: Builder) -> None:
    trial = builder.begin("single/left", 0)
    builder.epoch(trial, 1, 0.9, {"left": 0.9})
    builder.epoch(trial, 2, 0.9, {"left": 0.2})  # the objective is the best so far
    builder.end(trial)
    row = leaderboard(builder.sweep_record, config()).iloc[0]
    assert (row["best_epoch"], row["epochs"], row["val/left/accuracy"]) == (1, 2, 0.9)


def test_metrics_left_to_the_head_are_taken_from_the_journal(builder: Builder) -> None:
    overrides: dict[str, Any] = {"tasks.left.metrics": []}
    settings = config(**overrides)
    builder.trial("single/left", 0, 0.8)
    assert main_metrics(builder.sweep_record, settings)["left"] == ("accuracy",)
    assert leaderboard(builder.sweep_record, settings)["val/left/accuracy"].iloc[
        0
    ] == pytest.approx(0.8)


@pytest.mark.parametrize("name", ["v0_1_finished", "v0_1_population"])
def test_rows_have_the_columns_in_their_order(name: str) -> None:
    settings = load_config(SWEEPS / name / "config.yaml")
    record = read_record(SWEEPS / name / "journal.jsonl")
    columns = leaderboard_columns(record, settings)
    rows = leaderboard_rows(record, settings)
    assert {row["trial"] for row in rows} == set(record.trials)
    assert [list(row) for row in rows] == [columns] * len(rows)


def test_skill_is_that_of_the_best_epoch_and_the_own_tasks(builder: Builder) -> None:
    builder.scales({"left": 0.1, "right": 0.2, "same": 0.5})
    builder.trial("single/same", 0, 0.75)
    trial = builder.begin("search", 0)
    builder.epoch(trial, 1, 0.6, {"left": 0.55, "right": 0.6, "same": 0.75})
    builder.epoch(trial, 2, 0.6, {"left": 0.1, "right": 0.2, "same": 0.5})
    builder.end(trial)
    missing = builder.begin("search", 1)
    builder.epoch(missing, 1, 0.1, {"left": 0.55})
    table = leaderboard(builder.sweep_record, config()).set_index("trial")
    assert table.loc["single-same-0000", "skill"] == pytest.approx(0.5)
    assert table.loc[trial, "skill"] == pytest.approx(0.5)
    assert table["skill"].isna().tolist() == [False, False, True]


def test_auxiliary_tasks_have_no_part_in_the_skill(builder: Builder) -> None:
    builder.scales(0.5)
    trial = builder.begin("search", 0)
    builder.epoch(trial, 1, 0.6, {"left": 0.75, "right": 0.75, "same": 0.5})
    settings = config(**{"tasks.same.role": "auxiliary"})
    assert leaderboard(builder.sweep_record, settings)["skill"].iloc[0] == pytest.approx(0.5)


def test_the_order_follows_the_objective_and_only_delta_m_is_computed_anew(
    builder: Builder,
) -> None:
    for task in TASKS:
        builder.trial(f"single/{task}", 0, 0.5)
    for number, (objective, accuracy) in enumerate([(0.9, 0.6), (0.8, 0.7)]):
        trial = builder.begin("search", number)
        builder.epoch(trial, 1, objective, dict.fromkeys(TASKS, accuracy))
        builder.end(trial)

    def order(objective: str) -> list[str]:
        table = leaderboard(builder.sweep_record, config(**{"search.objective": objective}))
        return list(table[table["arm"] == "search"]["trial"])

    assert order("skill") == order("val/left/accuracy") == ["search-0000", "search-0001"]
    assert order("delta_m") == ["search-0001", "search-0000"]


def test_delta_m_counts_tasks_by_their_importance(builder: Builder) -> None:
    for task in TASKS:
        builder.trial(f"single/{task}", 0, 0.5)
    trial = builder.begin("search", 0)
    builder.epoch(trial, 1, 0.1, {"left": 0.55, "right": 0.5, "same": 0.5})
    overrides: dict[str, Any] = {"tasks.left.importance": 2}
    settings = config(**overrides)
    row = leaderboard(builder.sweep_record, settings).set_index("trial").loc[trial]
    assert row["delta_m"] == pytest.approx(0.1 * 2 / 4)


def test_a_metric_of_the_users_has_the_direction_of_the_journal(builder: Builder) -> None:
    scales = {f"{task}/cost": (8.0, 0.0) for task in builder.tasks}
    builder.event("scales", values=scales, excluded={}, directions={"cost": False})
    for arm, cost in (*((f"single/{task}", 4.0) for task in TASKS), ("search", 3.0)):
        trial = builder.begin(arm, 0)
        builder.epoch(trial, 1, 0.5, {}, **{f"val/{task}/cost": cost for task in builder.tasks})
        builder.end(trial)
    record = builder.sweep_record
    changes: dict[str, Any] = {f"tasks.{task}.metrics": ["mine:cost"] for task in TASKS}
    own = config(**changes)
    rows = {row["arm"]: row for row in leaderboard_rows(record, own)}
    assert rows["search"]["val/left/cost"] == 3.0
    assert rows["search"]["delta_m"] == pytest.approx(0.25)  # less cost is a gain
    assert rows["search"]["skill"] == pytest.approx(5 / 8)
    assert main_metrics(record, own)["left"] == ("cost",)
    assert journal_metrics(record, "left") == ("cost",)
    tasks = main_metrics(record, own)
    points = pareto_points(record, tasks, validation_reference(record, tasks))
    assert points is not None
    assert points.gains == pytest.approx(0.25)


def test_a_value_that_a_row_leaves_out_is_missing_and_another_key_is_an_error() -> None:
    row = TrialRow({"trial": "single-a-0000", "val/a/auroc": 0.7})
    assert math.isnan(row["val/b/auroc"])
    assert math.isnan(row["weight/b"])
    assert "val/b/auroc" not in row
    with pytest.raises(KeyError):
        row["lr"]
