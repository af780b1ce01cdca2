"""The space of an arm: the params nearest to loss weights, and functions of the user's."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from mtl_search.errors import ConfigError, SweepError
from mtl_search.search import request
from mtl_search.search.arms import plan_arms
from mtl_search.search.space.arm_space import ArmSpace, KnownPoint
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


# ------------------------------------------------------------------------- points of the equal arm

LR = "training.optimizer.lr"
DEPTH = "model.sharing.depth"
SIZE, FLAG, KIND = (f"tasks.{task}.loss_weight" for task in ("size", "flag", "kind"))
RATIOS = {"tasks.*.loss_weight": {"log_ratio": 100, "reference": "kind"}}


def known_point(
    params: dict[str, Any], changes: dict[str, Any] | None = None, function: Any = None
) -> KnownPoint | None:
    """A trial of the equal arm as a point of the search arm's space."""
    config = small.config(changes or {})
    arms = {str(arm.name): arm for arm in plan_arms(config)}
    overrides = ArmSpace(config, arms["equal"], function).overrides(params)
    trained = arms["equal"].config(config, overrides)
    return ArmSpace(config, arms["search"], function).known_point(params, trained)


def test_equal_weights_are_ratios_of_one(caplog: pytest.LogCaptureFixture) -> None:
    point = known_point({LR: 0.003, DEPTH: 2})
    assert point is not None
    assert point.params == {SIZE: 1.0, FLAG: 1.0, LR: 0.003, DEPTH: 2}
    assert point.distributions.keys() == point.params.keys()
    assert (point.distributions[SIZE].low, point.distributions[SIZE].high) == (0.01, 100)
    assert point.distributions[LR].log
    assert space_of().overrides(point.params) == {
        **dict.fromkeys((KIND, SIZE, FLAG), 1.0),
        LR: 0.003,
        DEPTH: 2,
    }
    assert not caplog.records


def test_equal_weights_are_plain_weights_of_one() -> None:
    point = known_point({LR: 0.003}, {"search.space": DIRECT})
    assert point is not None
    assert point.params == {SIZE: 1.0, FLAG: 1, LR: 0.003}


@pytest.mark.parametrize(
    "changes",
    [
        {"search.space": {**DIRECT, SIZE: {"log": [2, 4]}}},
        {"search.space": {**DIRECT, SIZE: {"float": [0.0, 0.5]}}},
        {"search.space": {**DIRECT, FLAG: {"choice": [0.25, 0.5]}}},
        {"search.space": DIRECT, "tasks.kind.loss_weight": 0.5},
        {"search.space": {LR: {"log": [1e-4, 1e-1]}}, "tasks.size.loss_weight": 2.0},
    ],
)
def test_equal_weights_outside_of_the_space_are_no_point_of_it(
    changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert known_point({LR: 0.003}, changes) is None
    assert not caplog.records


@pytest.mark.parametrize("value", [1e-5, 0.2])
def test_a_value_outside_of_the_space_is_no_point_of_it(value: float) -> None:
    """Such a value is of a session whose space was another one."""
    assert known_point({LR: value, DEPTH: 2}) is None
    assert known_point({LR: 0.01, DEPTH: 3}) is None


def test_what_only_the_search_arm_searches_has_the_value_of_the_config() -> None:
    space = {
        **RATIOS,
        "training.weighting": {"choice": ["uw", "static"]},
        "training.weighting.lr": {"log": [1e-3, 1], "when": {"training.weighting": "uw"}},
        "training.aggregator": {"choice": ["pcgrad", None]},
        LR: {"log": [1e-4, 1e-1]},
    }
    # Equal weights are static and without an aggregator, whatever the config has.
    point = known_point(
        {LR: 0.003}, {"search.space": space, "training.weighting": {"name": "uw", "lr": 0.1}}
    )
    assert point is not None
    assert point.params == {
        SIZE: 1.0,
        FLAG: 1.0,
        "training.weighting": "static",
        "training.aggregator": None,
        LR: 0.003,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"training.weighting": "uw"},
        {"training.aggregator": "pcgrad"},
        {"search.space.training.weighting": {"choice": ["uw", "famo"]}},
    ],
)
def test_equal_weights_are_no_point_where_a_weighting_is_always_at_work(
    changes: dict[str, Any],
) -> None:
    assert known_point({LR: 0.003, DEPTH: 1}, changes) is None


def test_conditions_hold_for_a_point_as_for_a_draw() -> None:
    widths = "model.backbone.widths"
    space = {
        **RATIOS,
        DEPTH: {"int": [0, 2]},
        widths: {"choice": [[4, 4], [8, 4]], "when": {DEPTH: [1, 2]}},
    }
    deep = known_point({DEPTH: 2, widths: [8, 4]}, {"search.space": space})
    assert deep is not None
    assert deep.params == {SIZE: 1.0, FLAG: 1.0, DEPTH: 2, widths: [8, 4]}
    flat = known_point({DEPTH: 0}, {"search.space": space})
    assert flat is not None
    assert widths not in flat.params
    # The space of an earlier session had no such entry: the config's widths are a choice of it.
    earlier = known_point({DEPTH: 2}, {"search.space": space})
    assert earlier is not None
    assert earlier.params[widths] == [4, 4]


def two_rates(trial: Any) -> dict[str, Any]:
    trial.suggest_float(SIZE, 0.1, 10, log=True)
    trial.suggest_int(DEPTH, 0, 2)
    return {"training.optimizer.weight_decay": trial.suggest_float(LR, 1e-4, 1e-1, log=True) / 10}


def test_a_function_of_the_users_has_the_point_as_well() -> None:
    params = {LR: 0.01, DEPTH: 1}
    config = small.config({"search.space": {}})
    arms = {str(arm.name): arm for arm in plan_arms(config)}
    space = ArmSpace(config, arms["search"], two_rates)
    trained = arms["equal"].config(config, {**params, "training.optimizer.weight_decay": 0.001})
    point = space.known_point(params, trained)
    assert point is not None
    assert point.params == {SIZE: 1.0, **params}
    # The constants that the function adds are part of what was trained.
    other = arms["equal"].config(config, {**params, "training.optimizer.weight_decay": 0.002})
    assert space.known_point(params, other) is None
    assert space.known_point({LR: 0.01}, trained) is not None  # the depth is that of the config
    assert space.known_point({LR: 0.5, DEPTH: 1}, trained) is None


def test_a_function_that_fails_or_has_no_equal_weights_has_no_such_point() -> None:
    def broken(trial: Any) -> dict[str, Any]:
        raise ZeroDivisionError

    def unequal(trial: Any) -> dict[str, Any]:
        trial.suggest_float(SIZE, 3, 4)
        return {LR: trial.suggest_float(LR, 1e-4, 1e-1)}

    empty: dict[str, Any] = {"search.space": {}}
    assert known_point({LR: 0.003}, empty, broken) is None
    assert known_point({LR: 0.003}, empty, unequal) is None
