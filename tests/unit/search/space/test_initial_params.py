"""Loss weights of a point as params, of a space and of a function."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from mtl_search.config import SpaceEntry
from mtl_search.errors import ConfigError
from mtl_search.search.space.initial_params import WeightPoint, requested_weights
from mtl_search.search.space.space import Space

WEIGHTS = {"a": 2.0, "b": 1.0, "c": 0.5}
EQUAL = dict.fromkeys(WEIGHTS, 1.0)


def space(**entries: dict[str, Any]) -> Space:
    parsed = {path: SpaceEntry.model_validate(entry) for path, entry in entries.items()}
    return Space(parsed, tuple(WEIGHTS), {})


def function(trial: Any) -> None:
    trial.suggest_float("training.optimizer.lr", 1e-4, 1e-1, log=True)
    trial.suggest_float("tasks.a.loss_weight", 0.1, 1.5)
    trial.suggest_int("tasks.c.loss_weight", 1, 4)


def test_ratios_are_relative_to_the_reference_of_the_space() -> None:
    ratios = space(**{"tasks.*.loss_weight": {"log_ratio": 10, "reference": "a"}})
    params = WeightPoint(WEIGHTS, EQUAL).params_for(ratios)
    assert params == {"tasks.b.loss_weight": 0.5, "tasks.c.loss_weight": 0.25}
    weights = ratios.overrides(params)
    assert [
        weights[f"tasks.{task}.loss_weight"] / weights["tasks.c.loss_weight"] for task in "ab"
    ] == [
        pytest.approx(4.0),
        pytest.approx(2.0),
    ]


def test_searched_weights_keep_their_proportion_to_the_fixed_ones() -> None:
    point = WeightPoint(WEIGHTS, {"a": 9.0, "b": 3.0, "c": 1.0})
    searched = point.searched(["tasks.a.loss_weight", "training.batch_size"])
    assert searched == {"tasks.a.loss_weight": pytest.approx(2.0 * 4.0 / 1.5)}
    assert point.searched([f"tasks.{task}.loss_weight" for task in WEIGHTS]) == {
        f"tasks.{task}.loss_weight": weight for task, weight in WEIGHTS.items()
    }


def test_fixed_weights_of_zero_scale_nothing() -> None:
    point = WeightPoint(WEIGHTS, dict.fromkeys(WEIGHTS, 0.0))
    assert point.searched(["tasks.a.loss_weight"]) == {"tasks.a.loss_weight": 2.0}


def test_no_searched_weight_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"search\.initial_points: the space has no loss weights"):
        WeightPoint(WEIGHTS, EQUAL).params_for(space(**{"training.batch_size": {"int": [1, 9]}}))


def test_a_function_is_asked_for_its_weights_and_answered_within_its_bounds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert requested_weights(function) == ["tasks.a.loss_weight", "tasks.c.loss_weight"]
    with caplog.at_level(logging.WARNING):
        params = WeightPoint(WEIGHTS, EQUAL).params_for_function(function)
    assert params == {"tasks.a.loss_weight": 1.5, "tasks.c.loss_weight": 1}
    assert "tasks.a.loss_weight is 2 there, and 1.5 is the nearest in the space" in caplog.text
