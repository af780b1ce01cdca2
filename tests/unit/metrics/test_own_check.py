"""The contract of metrics of one's own: one that keeps it, and what breaks it, in one sentence."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import mtl_search
from mtl_search.config import Config, load_config
from mtl_search.data import Target
from mtl_search.errors import ConfigError
from mtl_search.metrics.own_check import check_own_metrics, own_metrics

MODULE = "metrics_of_mine"


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


def _config(*metrics: str, head: str = "regression") -> Config:
    tasks = {"a": {"head": head, "metrics": list(metrics)}}
    tree = {"name": "a", "data": "arrays", "model": {"backbone": "mlp"}, "tasks": tasks}
    return load_config(tree)


VALUES = np.random.default_rng(0).normal(5, 2, 50).astype(np.float32)
VALUES[::7] = np.nan
TARGETS = {
    "regression": Target(VALUES, "real"),
    "binary": Target(np.array([0, 1, -1, 1, 0, 0] * 5), "binary"),
    "softmax": Target(np.array([0, 1, 2, -1] * 5), "class", ("x", "y", "z")),
    "multilabel": Target(np.array([[0, 1], [1, -1]] * 5), "multilabel", ("x", "y")),
    "crf": Target(np.array([[0, 1, -1], [2, 0, 0]] * 5), "tags", ("O", "B-x", "I-x")),
}


def _error(prediction: Any, target: Any) -> float:
    return float(np.abs(prediction - target).mean())


def _similarity(prediction: Any, target: Any) -> float:
    if prediction.ndim == 2:
        prediction = prediction[np.arange(len(target)), target] > 0.5
        target = True
    return float(np.mean(np.round(prediction) == target))


@pytest.mark.parametrize("head", TARGETS)
def test_a_metric_that_keeps_its_contract(mine: ModuleType, head: str) -> None:
    vars(mine)["similarity"] = mtl_search.metric(higher_is_better=True)(_similarity)
    config = _config(f"{MODULE}:similarity", head=head)
    metrics = own_metrics(config)
    assert list(metrics) == ["similarity"]
    assert config.tasks["a"].metric_names == ("similarity",)
    check_own_metrics(config, {"a": TARGETS[head]}, metrics)


def _nan(prediction: Any, target: Any) -> float:
    return float("nan")


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (_error, {"higher_is_better": True}, "predictions by chance .* are better than the labels"),
    (lambda p, y: abs(p - y), {"higher_is_better": False}, "needed is one for all samples"),
    (lambda p: 0.0, {"higher_is_better": False}, "takes two arguments"),
    (lambda p, y: 1 / 0, {"higher_is_better": False}, "ZeroDivisionError: division by zero"),
    (lambda p, y: None, {"higher_is_better": False}, "gives no number"),
    (_nan, {"higher_is_better": False}, "the metric is nan for predictions of shape"),
    (_error, {"higher_is_better": False, "perfect": 1.5}, "better than the perfect value 1.5"),
    (
        lambda p, y: float(len(y)),
        {"higher_is_better": True, "takes_missing": True},
        "a sample without a label changes the metric",
    ),
]


@pytest.mark.parametrize(("function", "options", "message"), WRONG)
def test_a_metric_that_breaks_its_contract(
    mine: ModuleType, function: Any, options: dict[str, Any], message: str
) -> None:
    mine.wrong = mtl_search.metric(**options)(function)  # type: ignore[attr-defined]
    config = _config(f"{MODULE}:wrong")
    with pytest.raises(ConfigError, match=message) as caught:
        check_own_metrics(config, {"a": TARGETS["regression"]}, own_metrics(config))
    assert caught.value.path == "tasks.a.metrics.0"
    assert "\n" not in str(caught.value).partition("\n  value")[0]


def test_what_is_no_metric_and_names_that_are_taken(mine: ModuleType) -> None:
    mine.plain = _error  # type: ignore[attr-defined]
    vars(mine)["accuracy"] = mtl_search.metric(higher_is_better=True)(_similarity)
    for name, message in {
        "plain": r"this is a function.*@mtl_search.metric\(higher_is_better=True\)",
        "accuracy": "is the name of a metric of mtl_search",
        "absent": "has no attribute",
    }.items():
        with pytest.raises(ConfigError, match=message):
            own_metrics(_config(f"{MODULE}:{name}"))


def test_two_metrics_of_one_name(mine: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    own = mtl_search.metric(higher_is_better=False)(_error)
    other = ModuleType("others")
    monkeypatch.setitem(sys.modules, "others", other)
    mine.error = other.error = own  # type: ignore[attr-defined]
    assert list(own_metrics(_config(f"{MODULE}:error", f"{MODULE}:error"))) == ["error"]
    with pytest.raises(ConfigError, match="two metrics are called 'error'"):
        own_metrics(_config(f"{MODULE}:error", "others:error"))


def test_without_labels_there_is_nothing_to_check(mine: ModuleType) -> None:
    mine.wrong = mtl_search.metric(higher_is_better=True)(_nan)  # type: ignore[attr-defined]
    config = _config(f"{MODULE}:wrong")
    empty = Target(np.full(3, np.nan, np.float32), "real")
    check_own_metrics(config, {"a": empty}, own_metrics(config))
