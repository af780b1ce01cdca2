"""Δm and its relatives, against values worked out by hand."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest

from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.objective import Objective, check_objective, delta_m, gain, task_gains

TASKS = {"digit": ("accuracy", "f1"), "age": ("mae",)}
REFERENCE = {"val/digit/accuracy": 0.8, "val/digit/f1": 0.5, "val/age/mae": 4.0}
SCALES = {"digit/accuracy": (0.5, 1.0), "digit/f1": (0.0, 1.0), "age/mae": (5.0, 0.0)}
VALUES = {"val/digit/accuracy": 0.88, "val/digit/f1": 0.4, "val/age/mae": 3.0}


@pytest.mark.parametrize(
    ("metric", "value", "reference", "expected"),
    [
        ("accuracy", 0.9, 0.8, 0.125),
        ("accuracy", 0.7, 0.8, -0.125),
        ("mae", 3.0, 4.0, 0.25),  # lower is better
        ("rmse", 5.0, 4.0, -0.25),
        ("mse", 4.0, 4.0, 0.0),
        ("r2", 0.2, -0.4, 1.5),  # by the size of the reference, or the sign would turn
        ("r2", -0.8, -0.4, -1.0),
        ("mcc", 0.3, 0.0, 0.3),  # a reference of 0: the plain difference
        ("mae", 0.3, 0.0, -0.3),
        ("mcc", 0.3, 1e-12, pytest.approx(0.3)),
    ],
)
def test_gains_by_hand(metric: str, value: float, reference: float, expected: float) -> None:
    assert gain(metric, value, reference) == pytest.approx(expected)


def test_delta_m_by_hand_over_tasks_and_over_metrics() -> None:
    # digit: accuracy +0.1, f1 -0.2; age: mae +0.25
    assert task_gains(VALUES, REFERENCE, TASKS, "val") == {
        "digit": pytest.approx(-0.05),
        "age": pytest.approx(0.25),
    }
    assert delta_m(VALUES, REFERENCE, TASKS) == pytest.approx((-0.05 + 0.25) / 2)
    assert delta_m(VALUES, REFERENCE, TASKS, per_metric=True) == pytest.approx(
        (0.1 - 0.2 + 0.25) / 3
    )


def test_a_run_compared_with_itself_gains_nothing() -> None:
    assert delta_m(REFERENCE, REFERENCE, TASKS) == 0.0


def test_the_split_chooses_the_keys() -> None:
    of_test = {name.replace("val/", "test/"): value for name, value in VALUES.items()}
    reference = {name.replace("val/", "test/"): value for name, value in REFERENCE.items()}
    assert delta_m(of_test, reference, TASKS, "test") == delta_m(VALUES, REFERENCE, TASKS)


def test_neither_losses_nor_weights_nor_auxiliary_tasks_enter() -> None:
    """A search over weights that minimises the weighted loss is won by w → 0."""
    objective = Objective(TASKS, "delta_m", REFERENCE)
    for weight in (0.0, 1.0, 100.0):
        more = {
            "train/digit/loss": weight,
            "val/digit/loss": weight,
            "train/loss": weight,
            "val/helper/accuracy": weight,
        }
        assert objective({**VALUES, **more, "lr": weight}) == delta_m(VALUES, REFERENCE, TASKS)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("delta_m", 0.1),
        ("val/digit/accuracy", 0.88),
        ("val/age/mae", -3.0),
        ("val/age/loss", -0.7),
        # digit: (0.88 - 0.5) of 0.5; age: 3 of a spread of 5, so 1 - 3/5
        ("skill", (0.76 + 0.4) / 2),
    ],
)
def test_every_kind_by_hand(kind: str, expected: float) -> None:
    objective = Objective(TASKS, kind, REFERENCE, SCALES)
    assert objective({**VALUES, "val/age/loss": 0.7}) == pytest.approx(expected)


@pytest.mark.parametrize(("metrics", "expected"), [(("accuracy", "f1"), 0.88), (("f1",), 0.4)])
def test_a_single_task_is_judged_by_its_first_metric(
    metrics: tuple[str, ...], expected: float
) -> None:
    assert Objective({"digit": metrics}, "primary")(VALUES) == expected
    assert Objective({"age": ("mae",)}, "primary")(VALUES) == -3.0


def test_a_metric_that_is_undefined_is_named() -> None:
    for kind in ("delta_m", "skill"):
        with pytest.raises(TrialError, match=r"not a number; undefined: val/digit/accuracy"):
            Objective(TASKS, kind, REFERENCE, SCALES)(
                {**VALUES, "val/digit/accuracy": float("nan")}
            )


def test_an_objective_is_plain_data() -> None:
    objective = Objective(TASKS, "skill", REFERENCE, SCALES, {"age": 2.0})
    assert Objective(**asdict(objective)) == objective
    read = Objective(**json.loads(json.dumps(asdict(objective))))
    assert read(VALUES) == objective(VALUES)


def test_tasks_count_by_their_importance() -> None:
    importance = {"digit": 3.0}  # age counts as 1
    objective = Objective(TASKS, "skill", scales=SCALES, importance=importance)
    assert objective(VALUES) == pytest.approx((3 * 0.76 + 0.4) / 4)
    objective = Objective(TASKS, "delta_m", REFERENCE, importance=importance)
    assert objective(VALUES) == pytest.approx((3 * -0.05 + 0.25) / 4)
    assert delta_m(VALUES, REFERENCE, TASKS, importance=importance) == objective(VALUES)
    per_metric = delta_m(VALUES, REFERENCE, TASKS, per_metric=True, importance=importance)
    assert per_metric == pytest.approx((3 * 0.1 - 3 * 0.2 + 0.25) / 7)


@pytest.mark.parametrize("factor", [0.01, 1.0, 50.0])
def test_only_ratios_of_importance_count(factor: float) -> None:
    weights = {"digit": 3.0 * factor, "age": 1.0 * factor}
    objective = Objective(TASKS, "skill", scales=SCALES, importance=weights)
    assert objective(VALUES) == pytest.approx((3 * 0.76 + 0.4) / 4)


def test_a_task_of_no_importance_may_be_undefined() -> None:
    values = {**VALUES, "val/age/mae": math.nan}
    objective = Objective(TASKS, "skill", scales=SCALES, importance={"age": 0.0})
    assert objective(values) == pytest.approx(0.76)


def test_a_task_without_a_scale_is_left_out_of_the_skill() -> None:
    scales = {key: scale for key, scale in SCALES.items() if key != "age/mae"}
    assert Objective(TASKS, "skill", scales=scales)({"val/digit/accuracy": 0.88}) == pytest.approx(
        0.76
    )
    with pytest.raises(TrialError, match="not a number"):
        Objective(TASKS, "skill", scales={})(VALUES)


def test_a_task_that_diverges_does_not_rule_the_mean() -> None:
    objective = Objective(TASKS, "skill", scales=SCALES)
    assert objective({**VALUES, "val/age/mae": 1e9}) == pytest.approx((0.76 - 1) / 2)
    with pytest.raises(TrialError, match="undefined: val/age/mae"):
        objective({**VALUES, "val/age/mae": math.inf})


def test_skill_of_one_task_orders_epochs_as_its_metric_does() -> None:
    for metric, values in (("accuracy", (0.2, 0.5, 0.8)), ("mae", (5.0, 4.0, 0.5))):
        task = {"accuracy": "digit", "mae": "age"}[metric]
        tasks = {task: (metric,)}
        for kind in ("skill", "primary"):
            objective = Objective(tasks, kind, scales=SCALES)
            found = [objective({f"val/{task}/{metric}": value}) for value in values]
            assert found == sorted(set(found))


@pytest.mark.parametrize("objective", ["skill", "delta_m", "val/age/mae", "val/age/loss"])
def test_objectives_that_there_are(objective: str) -> None:
    check_objective(objective, TASKS)
    with pytest.raises(ConfigError, match=r"search\.objective"):
        check_objective(objective + "s", TASKS)


def test_metrics_of_the_users_have_their_own_direction() -> None:
    values = {"val/a/cost": 3.0, "val/a/profit": 5.0}
    own = {"cost": False, "profit": True}
    for name, expected in (("cost", -3.0), ("profit", 5.0)):
        tasks = {"a": (name,)}
        assert Objective(tasks, "primary", directions=own)(values) == expected
        assert Objective(tasks, f"val/a/{name}", directions=own)(values) == expected
    reference = {"val/a/cost": 4.0, "val/a/profit": 4.0}
    objective = Objective({"a": ("cost", "profit")}, "delta_m", reference, directions=own)
    assert objective(values) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("metric", "value", "reference", "scale", "expected"),
    [
        ("r2", 0.005, 0.0006, (0.0, 1.0), 0.0044),  # noise over noise is no gain of 733 %
        ("r2", 0.005, -0.0006, (0.0, 1.0), 0.0056),
        ("r2", 0.5, 0.0, (0.0, 1.0), 0.5),
        ("mse", 2e-7, 1e-7, (4.0, 0.0), -2.5e-8),  # both are all but perfect
        ("mse", 2e-7, 1e-7, (2e-6, 0.0), -1.0),  # a small unit is no small reference
        ("auroc", 0.6, 0.5, (0.5, 1.0), 0.2),
    ],
)
def test_a_reference_of_about_0_takes_the_range_of_the_metric(
    metric: str, value: float, reference: float, scale: tuple[float, float], expected: float
) -> None:
    assert gain(metric, value, reference, scale=scale) == pytest.approx(expected)
    key = f"a/{metric}"
    of_task = delta_m(
        {f"val/{key}": value}, {f"val/{key}": reference}, {"a": (metric,)}, scales={key: scale}
    )
    assert of_task == pytest.approx(expected)
