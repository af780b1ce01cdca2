"""Best values of a trial, and the params that every trial has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.tracking.trial_values import (
    Yardstick,
    final_points,
    final_values,
    varied_params,
)
from tests.support.recorded_sweeps import Builder, config


def test_best_values_are_those_of_the_best_epoch(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    single = builder.trial("single/left", 0, 0.8)
    trial = builder.begin("search", 0)
    builder.epoch(trial, 1, 0.8, dict.fromkeys(builder.tasks, 0.9))
    builder.epoch(trial, 2, 0.8, dict.fromkeys(builder.tasks, 0.7))
    builder.end(trial)
    record = builder.sweep_record
    yardstick = Yardstick.of(record, config())
    values = final_values(record.trials[trial], record, config(), yardstick)
    assert values["best/val/left/accuracy"] == 0.9
    assert values["best/val/skill"] == pytest.approx(0.8)
    assert "best/val/delta_m" not in values  # two tasks have no reference
    assert final_values(record.trials[single], record, config(), yardstick)["best/val/delta_m"] == 0
    points = final_points(record.trials[trial], values, record, config(), 5.0)
    assert {point.step for point in points if point.name in values} == {0}
    assert [(point.name, point.step) for point in points if point.name not in values] == [
        ("val/skill", 2)
    ]


def test_a_trial_without_an_epoch_has_none(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.begin("search", 0)
    record = builder.sweep_record
    assert final_values(record.trials[trial], record, config(), Yardstick({}, {})) == {}


def test_every_searched_path_has_the_value_of_the_config() -> None:
    space: dict[str, Any] = {
        "tasks.*.loss_weight": {"log_ratio": 10, "reference": "left"},
        "model.sharing.depth": {"int": [0, 2]},
        "training.weighting": {"choice": ["static", "uw"]},
    }
    changes: dict[str, Any] = {"search.space": space, "model.sharing": {"name": "hard", "depth": 1}}
    varied = varied_params(config(**changes))
    assert {f"tasks.{task}.loss_weight" for task in ("left", "right", "same")} <= set(varied)
    assert varied["model.sharing.depth"] == 1
    assert varied["training.weighting.name"] == "static"
    assert "seed" not in varied
