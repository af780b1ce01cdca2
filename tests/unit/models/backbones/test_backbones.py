"""Backbones: published widths, shapes, and refusals that name the argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.stage import Stage, run_stages
from tests.support.model_cases import BACKBONE_CASES, backbone_input, build_backbone

CASES = [(name, *case) for name, cases in BACKBONE_CASES.items() for case in cases]
RANK = {"vector": 2, "tokens": 3, "map": 4}

every_case = pytest.mark.parametrize(("name", "shape", "arguments"), [case[:3] for case in CASES])


@pytest.mark.parametrize(("name", "shape", "arguments", "widths", "kinds"), CASES)
def test_stages_publish_the_widths_and_kinds_that_leave_them(
    name: str,
    shape: tuple[int, ...],
    arguments: Mapping[str, Any],
    widths: list[int],
    kinds: list[str],
) -> None:
    stages = build_backbone(name, shape, arguments)
    assert [stage.width for stage in stages] == widths
    assert [stage.kind for stage in stages] == kinds
    x = backbone_input(name, shape, arguments)
    for stage in stages:
        x = stage(x)
        assert len(x) == 3
        assert x.shape[2 if stage.kind == "tokens" else 1] == stage.width
        assert x.ndim == RANK[stage.kind]
        assert str(stage.width) in stage.label


@every_case
def test_stages_in_order_are_the_whole_network(
    name: str, shape: tuple[int, ...], arguments: Mapping[str, Any]
) -> None:
    stages = nn.ModuleList(build_backbone(name, shape, arguments)).eval()
    x = backbone_input(name, shape, arguments)
    whole = nn.Sequential(*[stage.body for stage in stages if isinstance(stage, Stage)])
    torch.testing.assert_close(run_stages(stages, x, None), whole(x))


@every_case
def test_each_call_draws_new_weights(
    name: str, shape: tuple[int, ...], arguments: Mapping[str, Any]
) -> None:
    one, two = (build_backbone(name, shape, arguments)[0] for _ in range(2))
    assert not torch.equal(next(one.parameters()), next(two.parameters()))


@every_case
def test_all_parameters_learn(
    name: str, shape: tuple[int, ...], arguments: Mapping[str, Any]
) -> None:
    stages = nn.ModuleList(build_backbone(name, shape, arguments))
    run_stages(stages, backbone_input(name, shape, arguments, 4), None).square().sum().backward()
    assert all(p.grad is not None for p in stages.parameters())


IMAGE, TABLE = (1, 8, 8), (6,)
BAD: list[tuple[str, tuple[int, ...], Mapping[str, Any], str]] = [
    ("mlp", TABLE, {"widths": []}, "widths"),
    ("mlp", TABLE, {"widths": [8, -1]}, "widths"),
    ("mlp", TABLE, {"widths": [8, 2.5]}, "widths"),
    ("mlp", TABLE, {"widths": "64"}, "widths"),
    ("mlp", TABLE, {"widths": 64}, "widths"),
    ("mlp", TABLE, {"widths": [True]}, "widths"),
    ("mlp", TABLE, {"dropout": 1.0}, "dropout"),
    ("mlp", TABLE, {"dropout": None}, "dropout"),
    ("mlp", TABLE, {"activation": "rellu"}, "activation"),
    ("mlp", TABLE, {"norm": "batchnorm"}, "norm"),
    ("mlp", (), {}, "name"),
    ("mlp", (0,), {}, "name"),
    ("convnet", TABLE, {}, "name"),
    ("convnet", (32, 32, 3), {}, "name"),
    ("convnet", IMAGE, {"channels": []}, "channels"),
    ("convnet", IMAGE, {"channels": [0]}, "channels"),
    ("convnet", IMAGE, {"dense": [-2]}, "dense"),
    ("convnet", IMAGE, {"kernel": 9}, "kernel"),
    ("convnet", IMAGE, {"kernel": 2}, "kernel"),
    ("convnet", IMAGE, {"kernel": 0}, "kernel"),
    ("convnet", IMAGE, {"pool": 0}, "pool"),
    ("convnet", IMAGE, {"norm": "layer"}, "norm"),
    ("convnet", IMAGE, {"dropout": -0.1}, "dropout"),
    ("convnet", IMAGE, {"activation": 3}, "activation"),
]


@pytest.mark.parametrize(("name", "shape", "arguments", "argument"), BAD)
def test_a_wrong_value_is_named_by_its_path(
    name: str, shape: tuple[int, ...], arguments: Mapping[str, Any], argument: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        BACKBONES[name](shape, **arguments)
    assert caught.value.path == f"model.backbone.{argument}"
    assert "value:" in str(caught.value)


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(ConfigError, match="did you mean 'relu'"):
        BACKBONES["mlp"](TABLE, activation="rellu")
    with pytest.raises(ConfigError, match="allowed:  1, 3, 5, 7"):
        BACKBONES["convnet"](IMAGE, kernel=4)
    with pytest.raises(ConfigError, match="channels, height, width"):
        BACKBONES["convnet"]((32, 32, 3))
