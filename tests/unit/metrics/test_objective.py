"""Δm and its relatives, against values worked out by hand."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from mtl_search.errors import TrialError
from mtl_search.metrics.objective import Objective, delta_m, gain, task_gains

TASKS = {"digit": ("accuracy", "f1"), "age": ("mae",)}
REFERENCE = {"val/digit/accuracy": 0.8, "val/digit/f1": 0.5, "val/age/mae": 4.0}
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
        # digit: 0.88; age: 3 of a spread of 5, so 1 - 3/5
        ("normalised", (0.88 + 0.4) / 2),
    ],
)
def test_every_kind_by_hand(kind: str, expected: float) -> None:
    objective = Objective(TASKS, kind, REFERENCE, {"age": 5.0})
    assert objective({**VALUES, "val/age/loss": 0.7}) == pytest.approx(expected)


@pytest.mark.parametrize(("metrics", "expected"), [(("accuracy", "f1"), 0.88), (("f1",), 0.4)])
def test_a_single_task_is_judged_by_its_first_metric(
    metrics: tuple[str, ...], expected: float
) -> None:
    assert Objective({"digit": metrics}, "primary")(VALUES) == expected
    assert Objective({"age": ("mae",)}, "primary")(VALUES) == -3.0


def test_a_metric_that_is_undefined_is_named() -> None:
    for kind in ("delta_m", "normalised"):
        with pytest.raises(TrialError, match=r"not a number; undefined: val/digit/accuracy"):
            Objective(TASKS, kind, REFERENCE)({**VALUES, "val/digit/accuracy": float("nan")})


def test_an_objective_is_plain_data() -> None:
    objective = Objective(TASKS, "delta_m", REFERENCE, {"age": 5.0})
    assert Objective(**asdict(objective)) == objective
