"""An objective of the user's is called with the metrics that there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.errors import ConfigError
from mtl_search.search.contracts.objective import check_objective_function

METRICS = {"left": ("accuracy", "f1"), "size": ("r2",)}
SCALES = {"left/accuracy": (0.1, 1.0), "size/r2": (0.0, 1.0)}


@pytest.mark.parametrize(
    "function",
    [
        lambda m: min(m["val/left/accuracy"], m["val/size/r2"]),
        lambda m: 1 - m["val/left/loss"],
        lambda m: m["val/left/f1"] - m["lr"],  # what else an epoch has
        lambda m: m.get("val/left/mcc", 0.0),
        lambda m: sum(m.values()) > 1,
    ],
)
def test_right_objectives_pass(function: Callable[..., Any]) -> None:
    check_objective_function(function, METRICS, SCALES)


def test_it_sees_what_a_constant_prediction_reaches() -> None:
    seen: dict[str, float] = {}
    check_objective_function(lambda m: seen.update(m) or 0.0, METRICS, SCALES)
    assert (seen["val/left/accuracy"], seen["val/size/r2"]) == (0.1, 0.0)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda m: m["val/left/mcc"], "reads 'val/left/mcc', and the metrics of the tasks are"),
        (lambda m: None, "returns a NoneType, and needed is one number"),
        (lambda m: "0.5", "returns a str"),
        (lambda m: m["val/left/f1"] / 0, "fails on the metrics .* ZeroDivisionError"),
        (lambda: 0.0, "fails on the metrics .* TypeError"),
    ],
)
def test_wrong_objectives_are_refused(function: Callable[..., Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check_objective_function(function, METRICS, SCALES)
    assert caught.value.path == "search.objective"
