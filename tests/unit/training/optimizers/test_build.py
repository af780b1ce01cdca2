"""Optimisers and schedules are built as torch has them; what torch does not know is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.config import Component, load_config
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.data import DataSet, Target
from mtl_search.errors import ConfigError
from mtl_search.models.build import build_network
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.optimizers import OPTIMIZERS
from mtl_search.training.optimizers.build import (
    build_optimizer,
    build_schedule,
    learning_rate,
    parameter_groups,
)


def _parameters() -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.ones(3))]


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_every_optimizer_builds_and_goes_downhill(name: str) -> None:
    parameters = _parameters()
    optimizer = build_optimizer(Component.model_validate({"name": name, "lr": 0.01}), parameters)
    assert type(optimizer) is OPTIMIZERS[name]
    assert optimizer.param_groups[0]["lr"] == 0.01
    parameters[0].square().sum().backward()
    optimizer.step()
    assert (parameters[0] < 1).all()


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ({"name": "adamx"}, "training.optimizer.name"),
        ({"name": "adamw", "learning_rate": 1}, "training.optimizer.learning_rate"),
        ({"name": "adamw", "lr": -1.0}, "training.optimizer"),
        ({"name": "sgd", "lr": "fast"}, "training.optimizer.lr"),
        ({"name": "adam", "betas": 3}, "training.optimizer.betas"),
    ],
)
def test_a_wrong_optimizer_is_a_config_error(member: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_optimizer(Component.model_validate(member), _parameters())
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ({"name": "cosinus"}, "training.schedule.name"),
        ({"name": "cosine", "warm": 1}, "training.schedule.warm"),
        ({"name": "step"}, "training.schedule"),
        ({"name": "step", "step_size": 0}, "training.schedule"),
        ({"name": "step", "step_size": "two"}, "training.schedule"),
        ({"name": "multistep", "milestones": 3}, "training.schedule"),
        ({"name": "cosine", "warmup_epochs": -1}, "training.schedule"),
        ({"name": "linear", "start_factor": 7}, "training.schedule"),
        ({"name": "exponential", "gamma": "half"}, "training.schedule"),
    ],
)
def test_a_wrong_schedule_is_a_config_error(member: dict[str, Any], path: str) -> None:
    optimizer = build_optimizer(Component.model_validate({"name": "sgd", "lr": 1.0}), _parameters())
    with pytest.raises(ConfigError) as caught:
        build_schedule(Component.model_validate(member), optimizer, epochs=4)
    assert caught.value.path == path


def _two_tasks(**factors: Any) -> tuple[MultiTaskNetwork, TrainingConfig]:
    data = DataSet(
        {"x": np.zeros((6, 3), np.float32)},
        {name: Target(np.arange(6) % 2, "class", ("no", "yes")) for name in ("a", "b")},
        {"train": np.arange(4), "validation": np.array([4]), "test": np.array([5])},
    )
    tree = {
        "name": "x",
        "data": "unused",
        "tasks": {"a": {"head": "softmax"}, "b": {"head": "softmax"}},
        "model": {
            "backbone": {"name": "mlp", "widths": [4, 4]},
            "sharing": {"name": "hard", "depth": 1},
        },
        "training": {"optimizer": {"name": "sgd", "lr": 0.5}, "lr_multipliers": factors},
    }
    config = load_config(tree)
    return build_network(config, data), config.training


def test_learning_rates_of_backbone_and_heads() -> None:
    network, training = _two_tasks(backbone=0.1, heads=2.0, tasks={"b": 0.0})
    optimizer = build_optimizer(training.optimizer, parameter_groups(network, training))
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    for p in network.parameters():
        p.grad = torch.ones_like(p)
    schedule = build_schedule(
        Component.model_validate({"name": "step", "step_size": 1, "gamma": 0.5}), optimizer, 4
    )
    assert schedule is not None
    optimizer.step()
    steps = {
        name: (before[name] - p).detach().mean().item() for name, p in network.named_parameters()
    }
    for name, step in steps.items():
        rate = {"sharing": 0.05, "head_modules": 0.0 if ":b." in name else 1.0}[name.split(".")[0]]
        assert step == pytest.approx(rate), name
    assert learning_rate(optimizer) == 0.5
    schedule.step()
    assert learning_rate(optimizer) == 0.25


def test_without_factors_there_is_one_group_of_all_parameters() -> None:
    network, training = _two_tasks()
    (group,) = parameter_groups(network, training)
    assert [id(p) for p in group["params"]] == [id(p) for p in network.parameters()]


def test_every_parameter_is_in_one_group() -> None:
    network, training = _two_tasks(backbone=0.5)
    grouped = [id(p) for group in parameter_groups(network, training) for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in network.parameters())


def test_a_schedule_of_torch_itself_is_named_as_it_is() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    member = Component.model_validate(
        {"name": "torch.optim.lr_scheduler:StepLR", "step_size": 1, "gamma": 0.5}
    )
    schedule = build_schedule(member, optimizer, 4)
    assert schedule is not None
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.5
