"""The search space: weights from ratios, wildcards, conditions, and what Optuna is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.samplers import RandomSampler

from mtl_search.analysis.loss_weights import FLOOR, normalised_weights
from mtl_search.config import SpaceEntry
from mtl_search.search.space.space import Space

TASKS = ("a", "b", "c")

ratios = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3), st.floats(1e-6, 1e6), min_size=1, max_size=8
)


def entry(**fields: Any) -> SpaceEntry:
    return SpaceEntry.model_validate(fields)


def space(
    entries: Mapping[str, Mapping[str, Any]], fixed: Mapping[str, Any] | None = None
) -> Space:
    return Space({path: entry(**fields) for path, fields in entries.items()}, TASKS, fixed or {})


def draws(searched: Space, count: int = 60) -> list[dict[str, Any]]:
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    trials = [study.ask() for _ in range(count)]
    for trial in trials:
        searched(trial)
    return [trial.params for trial in trials]


# ------------------------------------------------------------------------------ weights from ratios


@given(ratios)
def test_weights_sum_to_the_number_of_tasks_and_none_is_below_the_floor(
    given_ratios: dict[str, float],
) -> None:
    weights = normalised_weights(given_ratios)
    assert list(weights) == list(given_ratios)
    assert math.isclose(sum(weights.values()), len(given_ratios), rel_tol=1e-9)
    assert min(weights.values()) >= FLOOR


@given(ratios)
def test_weights_above_the_floor_keep_their_ratios(given_ratios: dict[str, float]) -> None:
    weights = normalised_weights(given_ratios)
    free = [task for task in weights if weights[task] > FLOOR]
    scales = [weights[task] / given_ratios[task] for task in free]
    assert all(math.isclose(scale, scales[0], rel_tol=1e-9) for scale in scales)
    # What is lifted would lie at or below the floor on the scale of the others.
    assert all(
        given_ratios[task] * scales[0] <= FLOOR * (1 + 1e-9) for task in weights if task not in free
    )


@given(ratios)
def test_weights_keep_the_order_of_the_ratios(given_ratios: dict[str, float]) -> None:
    weights = normalised_weights(given_ratios)
    order = sorted(given_ratios, key=lambda task: given_ratios[task])
    assert [weights[task] for task in order] == sorted(weights.values())


@given(ratios, st.floats(1e-3, 1e3))
def test_weights_do_not_depend_on_the_scale_of_the_ratios(
    given_ratios: dict[str, float], scale: float
) -> None:
    scaled = normalised_weights({task: ratio * scale for task, ratio in given_ratios.items()})
    assert scaled == pytest.approx(normalised_weights(given_ratios), rel=1e-6)


def test_weights_by_hand() -> None:
    assert normalised_weights({"a": 1.0, "b": 1.0, "c": 1.0}) == {"a": 1.0, "b": 1.0, "c": 1.0}
    assert normalised_weights({"a": 1.0, "b": 3.0}) == {"a": 0.5, "b": 1.5}
    assert normalised_weights({"a": 1.0, "b": 1e-9}) == {"a": 1.99, "b": FLOOR}
    # 0.02 would lie above the floor at first, and below it after the smallest is lifted.
    assert normalised_weights({"a": 1e-9, "b": 0.00668, "c": 1.997}) == pytest.approx(
        {"a": FLOOR, "b": FLOOR, "c": 2.98}
    )


RATIO = {"tasks.*.loss_weight": {"log_ratio": 100, "reference": "b"}}


def test_ratios_are_searched_for_all_but_the_reference() -> None:
    searched = space(RATIO)
    assert list(searched.entries) == ["tasks.a.loss_weight", "tasks.c.loss_weight"]
    for params in draws(searched):
        assert all(1 / 100 <= ratio <= 100 for ratio in params.values())


def test_ratios_become_weights_of_all_tasks() -> None:
    overrides = space(RATIO).overrides(
        {"tasks.a.loss_weight": 2.0, "tasks.c.loss_weight": 0.5, "training.x": 1}
    )
    weights = {"a": 2 * 3 / 3.5, "b": 3 / 3.5, "c": 0.5 * 3 / 3.5}
    assert overrides == pytest.approx(
        {"training.x": 1} | {f"tasks.{t}.loss_weight": w for t, w in weights.items()}
    )


def test_enqueued_equal_weights_come_out_as_exactly_one() -> None:
    searched = space(RATIO | {"training.optimizer.lr": {"log": [1e-4, 1e-2]}})
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    study.enqueue_trial(searched.equal_weights())
    trial = study.ask()
    searched(trial)
    overrides = searched.overrides(trial.params)
    assert {overrides[f"tasks.{task}.loss_weight"] for task in TASKS} == {1.0}
    assert 1e-4 <= overrides["training.optimizer.lr"] <= 1e-2


def test_ratios_whose_condition_does_not_hold_leave_the_weights_alone() -> None:
    searched = space(
        {
            "tasks.*.loss_weight": {
                "log_ratio": 10,
                "reference": "a",
                "when": {"model.sharing.depth": [1, 2]},
            },
            "model.sharing.depth": {"int": [0, 2]},
        }
    )
    for params in draws(searched):
        expected = 1 if params["model.sharing.depth"] == 0 else 4
        assert len(searched.overrides(params)) == expected


# ------------------------------------------------------------------------- wildcards and conditions


def test_a_wildcard_stands_for_every_task() -> None:
    searched = space(
        {"tasks.*.head.dropout": {"float": [0, 0.5]}, "tasks.b.loss.margin": {"float": [1, 2]}}
    )
    assert set(searched.entries) == {
        *(f"tasks.{task}.head.dropout" for task in TASKS),
        "tasks.b.loss.margin",
    }


def test_every_kind_of_entry_is_drawn_within_its_ends() -> None:
    searched = space(
        {
            "training.a": {"float": [-1, 1]},
            "training.b": {"log": [1e-3, 1e3]},
            "training.c": {"int": [2, 4]},
            "training.d": {"choice": [None, "x", [1, 2], {"k": 1}]},
        }
    )
    drawn = draws(searched)
    assert all(-1 <= params["training.a"] <= 1 for params in drawn)
    below = sum(params["training.b"] < 1 for params in drawn)
    assert 15 < below < 45  # half of a log-uniform draw lies below the middle of the exponents
    assert {params["training.c"] for params in drawn} == {2, 3, 4}
    assert all(params["training.d"] in [None, "x", [1, 2], {"k": 1}] for params in drawn)
    assert len({str(params["training.d"]) for params in drawn}) == 4


def test_a_value_is_drawn_only_where_its_condition_holds() -> None:
    searched = space(
        {
            "training.momentum": {
                "float": [0, 1],
                "when": {"training.optimizer.name": ["sgd", "rmsprop"]},
            },
            "training.optimizer.name": {"choice": ["sgd", "adam", "rmsprop"]},
        }
    )
    for params in draws(searched):
        assert ("training.momentum" in params) == (params["training.optimizer.name"] != "adam")


def test_conditions_may_wait_for_conditional_values_in_any_order() -> None:
    searched = space(
        {
            "training.c": {"int": [0, 1], "when": {"training.b": 1}},
            "training.b": {"int": [0, 1], "when": {"training.a": 1}},
            "training.a": {"int": [0, 1]},
        }
    )
    seen = {tuple(sorted(params)) for params in draws(searched)}
    assert seen == {
        ("training.a",),
        ("training.a", "training.b"),
        ("training.a", "training.b", "training.c"),
    }


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"model.backbone.name": "mlp"}, True),
        ({"model.backbone.name": "convnet"}, False),
        ({"model.backbone.name": ["convnet", "mlp"]}, True),
        ({"model.backbone.widths": [[4, 4]]}, True),
        ({"model.backbone.widths": [[4]]}, False),
        ({"model.backbone.name": "mlp", "training.epochs": 3}, False),
        ({"model.backbone.name": "mlp", "training.epochs": 4}, True),
    ],
)
def test_conditions_on_fixed_values(when: dict[str, Any], holds: bool) -> None:
    fixed = {"model": {"backbone": {"name": "mlp", "widths": (4, 4)}}, "training": {"epochs": 4}}
    searched = space({"training.x": {"int": [0, 1], "when": when}}, fixed)
    searched.check_conditions()
    assert all(("training.x" in params) == holds for params in draws(searched, 3))


def test_ends_are_the_ends_the_choices_and_what_must_hold_for_them() -> None:
    searched = space(
        {
            "training.a": {"int": [0, 0]},
            "training.b": {"choice": ["x", "y"], "when": {"training.a": 0, "model.m": ["p", "q"]}},
            "training.c": {"log": [1, 2], "when": {"training.b": "y"}},
            "tasks.*.loss_weight": {"log_ratio": 3, "reference": "a"},
        },
        {"model": {"m": "q"}, "training": {"a": 1}},
    )
    ends = list(searched.boundary_values())
    assert ("training.a", 0, {}) in ends
    assert ("training.b", "x", {"training.a": 0}) in ends
    assert ("training.c", 2.0, {"training.a": 0, "training.b": "y"}) in ends
    assert ("tasks.c.loss_weight", 1.0, {}) in ends
    (inner,) = (
        value for path, value, _ in ends if path == "training.c" and value not in (1.0, 2.0)
    )
    assert (
        1 < inner < 2
    )  # of a range between whole numbers, which may stand where only these are allowed
    assert len(ends) == 1 + 2 + 3 + 2
