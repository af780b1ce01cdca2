"""The measure of a network: linear in its metrics, over tasks and test items.

N test items
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.analysis.measure import delta_m_measure, mean_metrics, skill_measure
from mtl_search.metrics.objective import delta_m
from tests.support.recorded_sweeps import Builder, config

TASKS = {"left": ("accuracy",), "right": ("accuracy",), "same": ("accuracy",)}
SCALES = {f"{task}/accuracy": [0.1, 1.0] for task in ("left", "right")}


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    builder.event("scales", values=SCALES, excluded={"same/accuracy": "all alike"})
    return builder


def test_skill_is_0_for_the_trivial_value_and_1_for_the_perfect_one(builder: Builder) -> None:
    measure = skill_measure(builder.sweep_record, config(), TASKS)
    assert measure is not None
    assert measure.tasks == ("left", "right")  # the metric of the third is excluded
    test = {"test/left/accuracy": 0.1, "test/right/accuracy": 1.0}
    assert measure.task_value("left", test) == pytest.approx(0.0)
    assert measure.task_value("right", test) == pytest.approx(1.0)
    assert measure.value(test) == pytest.approx(0.5)


def test_importance_weighs_the_tasks(builder: Builder) -> None:
    overrides: dict[str, Any] = {"tasks.left.importance": 3.0}
    weighted = config(**overrides)
    measure = skill_measure(builder.sweep_record, weighted, TASKS)
    assert measure is not None
    test = {"test/left/accuracy": 0.1, "test/right/accuracy": 1.0}
    assert measure.value(test) == pytest.approx(0.25)


def test_without_scales_there_is_no_skill(tmp_path: Path) -> None:
    record = Builder(tmp_path / "other.jsonl").sweep().sweep_record
    assert skill_measure(record, config(), TASKS) is None


def test_items_have_the_mean_of_the_runs_value(builder: Builder) -> None:
    measure = skill_measure(builder.sweep_record, config(), TASKS)
    assert measure is not None
    right_N = np.array([1.0, 0.0, 1.0, 1.0])
    items = {"left/accuracy": right_N.astype(np.float32)}
    values_N = measure.task_items("left", {"test/left/accuracy": 0.75}, items)
    assert values_N is not None
    assert values_N.mean() == pytest.approx((0.75 - 0.1) / 0.9)
    assert np.diff(values_N) == pytest.approx(np.diff(right_N) / 0.9)
    assert measure.task_items("right", {"test/right/accuracy": 0.75}, items) is None


def test_a_network_far_worse_than_a_constant_counts_minus_1(builder: Builder) -> None:
    builder.event("scales", values={"left/accuracy": [0.9, 1.0]}, excluded={})
    measure = skill_measure(builder.sweep_record, config(), TASKS)
    assert measure is not None
    test = {"test/left/accuracy": 0.2}
    items_N = measure.task_items("left", test, {"left/accuracy": np.array([0.0, 0.4])})
    assert measure.task_value("left", test) == -1.0
    assert items_N is not None
    assert items_N.mean() == pytest.approx(-1.0)


def test_delta_m_is_that_of_the_objective() -> None:
    tasks = {"a": ("rmse",), "b": ("accuracy", "f1")}
    reference = {"test/a/rmse": 2.0, "test/b/accuracy": 0.5, "test/b/f1": 0.4}
    values = {"test/a/rmse": 1.5, "test/b/accuracy": 0.6, "test/b/f1": 0.2}
    measure = delta_m_measure(tasks, reference, {"a": 1.0, "b": 1.0})
    assert measure.value(values) == pytest.approx(delta_m(values, reference, tasks, "test"))
    assert measure.value(reference) == pytest.approx(0.0)


def test_means_are_of_what_all_runs_have() -> None:
    assert mean_metrics([{"a": 1.0, "b": 2.0}, {"a": 3.0}]) == {"a": 2.0}
    assert mean_metrics([]) == {}
