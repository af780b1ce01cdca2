"""Skill of tasks and their mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mtl_search.analysis.skills import mean_skill, task_skill, tasks_of
from mtl_search.metrics.objective import Objective
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from tests.support.recorded_sweeps import config

SCALES = {"left/accuracy": (0.5, 1.0), "right/accuracy": (0.8, 1.0), "same/rmse": (4.0, 0.0)}
RECORD = SweepRecord(scales=SCALES)
TASKS = {"left": ("accuracy", "f1"), "right": ("accuracy",), "same": ("rmse",)}
VALUES = {"val/left/accuracy": 0.75, "val/right/accuracy": 0.7, "val/same/rmse": 1.0}


@pytest.mark.parametrize(
    ("task", "metric", "value", "skill"),
    [
        ("left", "accuracy", 0.5, 0.0),
        ("left", "accuracy", 1.0, 1.0),
        ("same", "rmse", 1.0, 0.75),
        ("same", "rmse", 100.0, -1.0),
        ("left", "f1", 0.9, math.nan),
        ("left", "accuracy", None, math.nan),
    ],
)
def test_skill_of_a_task(task: str, metric: str, value: float | None, skill: float) -> None:
    assert task_skill(RECORD, task, metric, value) == pytest.approx(skill, nan_ok=True)


def test_the_mean_is_that_of_the_objective() -> None:
    settings = config()
    mean = mean_skill(RECORD, settings, TASKS, VALUES, "val")
    assert mean == pytest.approx((0.5 - 0.5 + 0.75) / 3)
    assert mean == pytest.approx(Objective(TASKS, "skill", scales=SCALES)(VALUES))


def test_tasks_count_by_their_importance_as_in_the_objective() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        importance = dict(zip(TASKS, generator.uniform(0, 3, 3).tolist(), strict=True))
        overrides: dict[str, Any] = {
            f"tasks.{task}.importance": weight for task, weight in importance.items()
        }
        mean = mean_skill(RECORD, config(**overrides), TASKS, VALUES, "val")
        objective = Objective(TASKS, "skill", scales=SCALES, importance=importance)
        assert mean == pytest.approx(objective(VALUES))


def test_a_task_of_no_importance_may_be_missing() -> None:
    values = {"val/left/accuracy": 0.75, "val/right/accuracy": 0.9}
    assert math.isnan(mean_skill(RECORD, config(), TASKS, values, "val"))
    overrides: dict[str, Any] = {"tasks.same.importance": 0}
    settings = config(**overrides)
    assert mean_skill(RECORD, settings, TASKS, values, "val") == pytest.approx(0.5)
    # Alone it counts all the same.
    alone = {"same": ("rmse",)}
    assert mean_skill(RECORD, settings, alone, VALUES, "val") == pytest.approx(0.75)


def test_tasks_without_a_scale_are_left_out() -> None:
    record = SweepRecord(scales={"left/accuracy": (0.5, 1.0)})
    assert mean_skill(record, config(), TASKS, VALUES, "val") == pytest.approx(0.5)
    assert math.isnan(mean_skill(SweepRecord(), config(), TASKS, VALUES, "val"))


@pytest.mark.parametrize(
    ("arm", "tasks"),
    [
        ("single/right", ["right"]),
        ("final/single/right", ["right"]),
        ("search", list(TASKS)),
        ("final/without/right", list(TASKS)),
    ],
)
def test_a_trial_is_judged_by_its_own_task_or_by_all(arm: str, tasks: list[str]) -> None:
    trial = TrialRecord("id", ArmName(arm), 0, {}, {}, {}, 0, 0.0)
    assert list(tasks_of(trial, TASKS)) == tasks
