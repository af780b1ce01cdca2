"""Affinities: the closed form of a linear model, and brute force on a copy of the network."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtl_search.config import override, parse
from mtl_search.data import DataSet, Target
from mtl_search.models.stage import Stage
from mtl_search.training.probes import task_affinity
from mtl_search.training.probes.task_affinity import TaskAffinity
from tests.support.probed import gradients_of, losses_of, probed
from tests.support.trials import config, data

RATE = 0.1


def linear_backbone(input_shape: tuple[int, ...]) -> list[Stage]:
    """One linear stage."""
    (width,) = input_shape
    return [Stage(nn.Linear(width, 3, bias=False), 3, "linear 3")]


def _linear_regression() -> tuple[Any, DataSet]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).astype(np.float32)
    targets = {
        "a": Target(x @ [1.0, 2.0, 0.0, 0.0], "real"),
        "b": Target(x @ [1.0, 1.0, 1.0, 0.0], "real"),
        "c": Target(x @ [-1.0, -2.0, 0.5, 0.0], "real"),
    }
    rows = np.arange(40)
    splits = {"train": rows[:24], "validation": rows[24:32], "test": rows[32:]}
    settings = parse(
        {
            "name": "test",
            "data": {"name": "arrays"},
            "tasks": {name: {"head": "regression"} for name in targets},
            "model": {"backbone": f"{__name__}:linear_backbone"},
            "training": {"batch_size": 24, "optimizer": {"name": "sgd", "lr": RATE}},
        }
    )
    return settings, DataSet({"x": x}, targets, splits)


def _affinities(metrics: dict[str, float]) -> dict[str, float]:
    return {k: v for k, v in metrics.items() if k.startswith("train/affinity/")}


def test_a_linear_model_with_squared_error_has_the_closed_form(tmp_path: Path) -> None:
    """L_j(θ + d) = L_j(θ) + ∇L_j·d + ½ dᵀH_j d exactly, for a loss that is quadratic in θ."""
    settings, samples = _linear_regression()
    made = probed(settings, tmp_path, samples)
    made.network.train()
    (weight,) = made.network.shared_parameters()
    tasks = list(made.network.heads)
    losses = losses_of(made).detach()
    rows = gradients_of(made, [weight])  # (T, P)
    coefficients = made.step.coefficients
    expected = {}
    for i, source in enumerate(tasks):
        direction = -RATE * coefficients[i] * rows[i]
        for j, target in enumerate(tasks):

            def loss_at(values: Tensor, target: str = target) -> Tensor:
                name = next(n for n, p in made.network.named_parameters() if p is weight)
                parameters = {**dict(made.network.named_parameters()), name: values}
                x = torch.from_numpy(made.data.inputs["x"][:])[made.data.splits["train"]]
                outputs = torch.func.functional_call(made.network, parameters, ({"x": x},))
                labels = torch.from_numpy(made.data.targets[target].values)
                head = made.network.heads[target]
                return head.loss(outputs[target], labels[made.data.splits["train"]])

            hessian = torch.autograd.functional.hessian(loss_at, weight.detach())
            hessian = hessian.reshape(len(direction), -1)
            change = rows[j] @ direction + 0.5 * direction @ hessian @ direction
            expected[f"train/affinity/{source}/{target}"] = float(-change / losses[j])
    assert _affinities(made.train_epoch()) == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert min(expected.values()) < -0.01 < 0.01 < max(expected.values())


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize("sharing", ["hard", "cross_stitch"])
def test_it_is_what_a_copy_of_the_network_does(pieces: int, sharing: str, tmp_path: Path) -> None:
    batches: dict[str, Any] = {"batch_size": 48 // pieces, "accumulate": pieces}
    settings = config(optimizer={"name": "sgd", "lr": RATE}, **batches)
    settings = override(settings, {"model.sharing": {"name": sharing}})
    made = probed(settings, tmp_path, data(missing=True))
    made.network.train()
    shared = made.network.shared_parameters()
    rows = gradients_of(made, shared)
    before = losses_of(made).detach()
    expected = {}
    tasks = list(made.network.heads)
    for i, source in enumerate(tasks):
        twin = SimpleNamespace(network=copy.deepcopy(made.network), data=made.data)
        parts = (RATE * made.step.coefficients[i] * rows[i]).split([p.numel() for p in shared])
        with torch.no_grad():
            for parameter, part in zip(twin.network.shared_parameters(), parts, strict=True):
                parameter.sub_(part.view(parameter.shape))
            after = losses_of(twin)  # type: ignore[arg-type]
        for j, target in enumerate(tasks):
            expected[f"train/affinity/{source}/{target}"] = float(1 - after[j] / before[j])
    assert _affinities(made.train_epoch()) == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_dropout_draws_the_same_numbers_before_and_after(tmp_path: Path) -> None:
    """With a rate of 0 nothing moves, so that every affinity is exactly 0."""
    settings = config(optimizer={"name": "sgd", "lr": 0.0})
    settings = override(settings, {"model.backbone": {"name": "mlp", "dropout": 0.5}})
    metrics = probed(settings, tmp_path, data()).train_epoch()
    assert set(_affinities(metrics).values()) == {0.0}


def test_a_task_without_a_label_in_the_epoch_has_no_affinity(tmp_path: Path) -> None:
    samples = data()
    values = samples.targets["flag"].values.copy()
    values[samples.splits["train"][2:]] = -1  # of 48, whose batches are shuffled
    targets = {**samples.targets, "flag": Target(values, "binary", ("no", "yes"))}
    sparse = DataSet(samples.inputs, targets, samples.splits)
    made = probed(config(batch_size=4), tmp_path, sparse)
    seen = [_affinities(made.run_epoch().metrics) for _ in range(3)]  # type: ignore[arg-type]
    assert any("train/affinity/flag/size" not in metrics for metrics in seen)
    assert all("train/affinity/kind/size" in metrics for metrics in seen)
    assert all(np.isfinite(list(metrics.values())).all() for metrics in seen)


def test_many_tasks_step_in_turn_and_log_a_bounded_number() -> None:
    tasks = {f"t{number}": None for number in range(20)}
    step = SimpleNamespace(
        heads=tasks, network=SimpleNamespace(shared_parameters=list), device=torch.device("cpu")
    )
    probe = TaskAffinity(step, SimpleNamespace())  # type: ignore[arg-type]
    turns = [probe._sources(position) for position in range(5)]
    assert all(len(turn) == task_affinity.MOST_TASKS for turn in turns)
    assert sorted({task for turn in turns[:3] for task in turn}) == list(range(20))
    measured = torch.full((20, 20), torch.nan)
    measured[:8] = 0.25
    measured[2, 5] = -1.0
    probe._measured = [measured]
    metrics = probe.end_epoch()
    assert metrics["train/affinity/t2/t5"] == -1.0
    assert metrics["train/affinity_from/t0"] == 0.25
    assert metrics["train/affinity_to/t5"] == pytest.approx((0.25 * 6 - 1.0) / 7)
    assert len(metrics) == 2 * task_affinity.EXTREME_PAIRS + 8 + 20
    assert probe.end_epoch() == {}
