"""Losses and metrics by name, and which metrics a task has."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.config import override
from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.own import metric
from mtl_search.models.build import build_network
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.storage.item_values import decode, read_label_scores, write
from mtl_search.training.evaluator import Evaluator, metric_names, task_losses
from tests.support.trials import config, data

TASKS = ["kind", "flag", "size"]


def _network() -> tuple[MultiTaskNetwork, dict[str, Tensor], dict[str, Tensor]]:
    """A network, its outputs, and labels."""
    samples = data()
    torch.manual_seed(0)
    network = build_network(config(), samples)
    labels = {name: torch.from_numpy(target.values) for name, target in samples.targets.items()}
    network.fit(labels)
    with torch.no_grad():
        outputs = network.eval()({"x": torch.from_numpy(samples.inputs["x"])}, {})
    return network, outputs, labels


def _evaluator(network: MultiTaskNetwork, **metrics: Any) -> Evaluator:
    settings = override(
        config(), {f"tasks.{task}.metrics": names for task, names in metrics.items()}
    )
    return Evaluator(network, data().targets, metric_names(settings, network))


def test_losses_are_those_of_the_heads() -> None:
    network, outputs, labels = _network()
    expected = [
        float(head.loss(outputs[task], labels[task])) for task, head in network.heads.items()
    ]
    assert _evaluator(network).losses(outputs, labels) == expected
    assert task_losses(network, outputs, labels).tolist() == expected


def test_losses_are_named_where_a_task_had_a_label() -> None:
    network, _, _ = _network()
    assert _evaluator(network).named("val", [0.5, None, 2.0], 1) == {
        "val/kind/loss": 0.5,
        "val/size/loss": 2.0,
    }


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_named(value: float) -> None:
    network, _, _ = _network()
    expected = rf"the val loss of task 'flag' is {value} in epoch 3"
    with pytest.raises(TrialError, match=expected):
        _evaluator(network).named("val", [0.5, value, math.nan], 3)


def test_metrics_are_those_that_the_config_names() -> None:
    network, outputs, labels = _network()
    metrics = _evaluator(network, kind=["accuracy", "f1"]).metrics("test", outputs, labels)
    assert list(metrics)[:2] == ["test/kind/accuracy", "test/kind/f1"]
    right = (outputs["kind"].argmax(1) == labels["kind"]).float().mean()
    assert metrics["test/kind/accuracy"] == pytest.approx(float(right))


def test_by_default_a_task_has_the_first_metric_of_its_head() -> None:
    network, _, _ = _network()
    assert metric_names(config(), network) == {
        task: head.metrics[:1] for task, head in network.heads.items()
    }


def test_a_metric_that_a_head_cannot_give_is_refused() -> None:
    network, _, _ = _network()
    with pytest.raises(ConfigError, match="cannot give this metric") as caught:
        _evaluator(network, size=["mae", "accuracy"])
    assert caught.value.path == "tasks.size.metrics.1"


def test_item_values_have_the_metrics_as_their_means() -> None:
    network, outputs, labels = _network()
    evaluator = _evaluator(network, kind=["accuracy", "f1"], flag=["auroc"], size=["rmse"])
    values = evaluator.item_values(outputs, labels)
    metrics = evaluator.metrics("test", outputs, labels)
    assert {f"test/{key}": array.mean() for key, array in values.items()} == pytest.approx(metrics)
    assert {array.shape for array in values.values()} == {(80,)}
    answers = outputs["kind"].argmax(1) == labels["kind"]
    assert values["kind/accuracy"] == pytest.approx(answers.float().numpy(), abs=1e-6)


def test_the_test_split_is_told_by_metrics_and_by_items_in_its_order() -> None:
    network, outputs, labels = _network()
    evaluator = _evaluator(network)
    order = np.random.default_rng(0).permutation(80)
    metrics, text = evaluator.test(outputs, labels, 1, order)
    assert metrics == evaluator.evaluate("test", outputs, labels, 1)
    assert set(metrics) == {f"test/{key}/loss" for key in TASKS} | {
        "test/kind/accuracy", "test/flag/accuracy", "test/size/r2"
    }  # fmt: skip
    expected = evaluator.item_values(outputs, labels)
    found = decode(text)
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values[order], rel=1e-5, abs=1e-6)


def test_the_test_split_is_told_by_label_too(tmp_path: Path) -> None:
    network, outputs, labels = _network()
    evaluator = _evaluator(network, kind=["f1", "auroc"], flag=["auroc"])
    metrics, text = evaluator.test(outputs, labels, 1, np.arange(80))
    write(tmp_path, "trial", text)
    found = read_label_scores(tmp_path, "trial")
    assert list(found) == [
        f"kind/{score}" for score in ("positives", "f1", "precision", "recall", "auroc")
    ]
    assert list(found["kind/f1"]) == ["a", "b", "c"]
    for score in ("f1", "auroc"):
        mean = np.mean(list(found[f"kind/{score}"].values()))
        assert mean == pytest.approx(metrics[f"test/kind/{score}"], rel=1e-5)
    own = dataclasses.replace(
        evaluator, own_metrics={"f1": metric(higher_is_better=True)(lambda p, y: 0.0)}
    )
    assert "kind/f1" not in own.label_scores(outputs, labels)


def test_metrics_of_the_users_are_computed_beside_ours() -> None:
    network, outputs, labels = _network()
    own = metric(higher_is_better=False)(lambda p, y: float(np.abs(p - y).mean()))
    names = metric_names(override(config(), {"tasks.size.metrics": ["mine:error", "mae"]}), network)
    assert names["size"] == ("error", "mae")
    evaluator = Evaluator(network, data().targets, names, {"error": own})
    metrics = evaluator.metrics("test", outputs, labels)
    assert metrics["test/size/error"] == pytest.approx(metrics["test/size/mae"])
    values = evaluator.item_values(outputs, labels)
    assert values["size/error"].mean() == pytest.approx(metrics["test/size/mae"], rel=1e-5)
