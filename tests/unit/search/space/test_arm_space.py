"""The space of an arm: the params nearest to loss weights, and functions of the user's."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from mtl_search.errors import ConfigError, SweepError
from mtl_search.search import request
from mtl_search.search.arms import plan_arms
from mtl_search.search.space.arm_space import ArmSpace
from tests.support import small_sweeps as small

POINT = {"kind": 1.0, "size": 2.0, "flag": 0.5}
DIRECT = {
    "tasks.size.loss_weight": {"log": [0.1, 4]},
    "tasks.flag.loss_weight": {"choice": [0.25, 0.5, 1]},
    "training.optimizer.lr": {"log": [1e-4, 1e-1]},
}


def space_of(changes: dict[str, Any] | None = None, function: Any = None) -> ArmSpace:
    config = small.config(changes or {})
    (arm,) = (arm for arm in plan_arms(config) if arm.name == "search")
    return ArmSpace(config, arm, function)


def test_ratios_to_the_reference(caplog: pytest.LogCaptureFixture) -> None:
    space = space_of()
    params = space.params_of(POINT)
    assert params == {"tasks.size.loss_weight": 2.0, "tasks.flag.loss_weight": 0.5}
    weights = space.overrides(params)
    assert weights["tasks.size.loss_weight"] == pytest.approx(3 * 2 / 3.5)
    assert sum(weights.values()) == pytest.approx(3)
    assert not caplog.records


def test_a_point_outside_the_bounds_is_clipped_with_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        params = space_of().params_of({"kind": 1.0, "size": 1e4, "flag": 1e-4})
    assert params == {"tasks.size.loss_weight": 100.0, "tasks.flag.loss_weight": 0.01}
    assert "tasks.size.loss_weight is 1e+04 there, and 100 is the nearest" in caplog.text
    assert len(caplog.records) == 2


def test_weights_that_are_searched_one_by_one_keep_their_proportion_to_the_fixed_ones() -> None:
    space = space_of({"search.space": DIRECT, "tasks.kind.loss_weight": 0.5})
    assert space.params_of(POINT) == {"tasks.size.loss_weight": 1.0, "tasks.flag.loss_weight": 0.25}
    everywhere = space_of({"search.space": {"tasks.*.loss_weight": {"float": [0, 3]}}})
    assert everywhere.params_of(POINT) == {
        f"tasks.{task}.loss_weight": weight for task, weight in POINT.items()
    }


def test_the_nearest_choice_whole_number_and_end(caplog: pytest.LogCaptureFixture) -> None:
    entries = {**DIRECT, "tasks.size.loss_weight": {"int": [1, 5]}}
    params = space_of({"search.space": entries}).params_of({"kind": 1.0, "size": 2.2, "flag": 9.0})
    assert params == {"tasks.size.loss_weight": 2, "tasks.flag.loss_weight": 1}
    assert len(caplog.records) == 2


def mine(trial: Any) -> dict[str, Any]:
    assert trial.number == 0  # it is a trial like any other
    trial.suggest_float("tasks.size.loss_weight", 0.1, 1.5, log=True)
    if trial.suggest_categorical("model.sharing.depth", [1, 2]) < 3:
        trial.suggest_categorical("tasks.flag.loss_weight", [0.3, 0.6])
    return {
        "training.optimizer.lr": trial.suggest_float("training.optimizer.lr", 1e-3, 1e-2, log=True)
    }


def test_a_function_of_the_users_is_asked_for_its_bounds(caplog: pytest.LogCaptureFixture) -> None:
    space = space_of({"search.space": {}}, mine)
    assert space.params_of(POINT) == {"tasks.size.loss_weight": 1.5, "tasks.flag.loss_weight": 0.6}
    assert sum(record.name.startswith("mtl_search") for record in caplog.records) == 2
    space.check_initial_points()


def test_a_function_without_loss_weights_is_refused_before_anything_trains() -> None:
    config = small.config({"search.space": {}, "search.initial_points": [POINT]})
    with pytest.raises(ConfigError, match=r"search\.initial_points: the space has no loss weights"):
        request.check_space_function(
            config,
            plan_arms(config),
            lambda trial: {"training.optimizer.lr": trial.suggest_float("x", 0, 1)},
        )
    with pytest.raises(SweepError, match="the space function failed"):
        request.check_space_function(config, plan_arms(config), lambda trial: trial.nothing)
    request.check_space_function(config, plan_arms(config), mine)


@pytest.mark.parametrize("options", [{"step": 0.5}, {"step": None}])
def test_steps_of_a_function_are_kept(options: dict[str, Any]) -> None:
    def space(trial: Any) -> None:
        trial.suggest_float("tasks.size.loss_weight", 0.2, 5.2, **options)
        trial.suggest_int("tasks.flag.loss_weight", 1, 9, step=2)

    params = space_of({"search.space": {}}, space).params_of(
        {"kind": 1.0, "size": 2.0, "flag": 4.9}
    )
    assert params == {
        "tasks.size.loss_weight": 2.2 if options["step"] else 2.0,
        "tasks.flag.loss_weight": 5,
    }
