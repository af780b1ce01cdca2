"""Views that go round the backbone reach one task's head and no other task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtl_search.config import load_config
from mtl_search.data import DataSet, Target
from mtl_search.data.spec import DataSpec, data_spec
from mtl_search.data.types import InputArray
from mtl_search.errors import ConfigError
from mtl_search.models.build import build_network
from mtl_search.models.graph_tracing import trace_graph
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.stage import Stage

N, T = 12, 5


class _ByToken(Stage):
    """A dense layer on each token, so that tokens stay tokens."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        features: Tensor = self.body(x)
        return features.relu()


def by_token(input_shape: tuple[int, ...], *, width: int = 6) -> list[Stage]:
    """A backbone of one stage over tokens."""
    return [_ByToken(nn.Linear(input_shape[-1], width), width, f"token {width}", "tokens")]


@pytest.fixture
def data() -> DataSet:
    rng = np.random.default_rng(0)
    mask = np.arange(T) < rng.integers(2, T + 1, (N, 1))
    inputs: dict[str, InputArray] = {
        "tokens": rng.normal(size=(N, T, 3)).astype(np.float32),
        "position": rng.integers(0, 9, (N, T)),
        "weight": rng.normal(size=(N, T)).astype(np.float32),
        "pair": rng.normal(size=(N, T, 2)).astype(np.float32),
        "age": rng.normal(size=N).astype(np.float32),
        "colour": rng.integers(0, 4, N),
    }
    targets = {
        "relation": Target(np.arange(N) % 3, "class", ("a", "b", "c")),
        "tags": Target(np.where(mask, rng.integers(0, 2, (N, T)), -1), "tags", ("O", "B")),
    }
    splits = {"train": np.arange(8), "validation": np.array([8, 9]), "test": np.array([10, 11])}
    return DataSet(inputs, targets, splits, {"tokens": mask})


def build(
    data: DataSet | DataSpec,
    side_inputs: object,
    backbone: object = "tests.unit.models.test_side_inputs:by_token",
) -> Any:
    torch.manual_seed(0)
    tasks = {"relation": {"head": "softmax", "view": "tokens", "side_inputs": side_inputs}}
    if isinstance(backbone, str):
        tasks["tags"] = {"head": "crf", "view": "tokens"}
    config = {"name": "x", "data": "unused", "tasks": tasks, "model": {"backbone": backbone}}
    return build_network(load_config(config), data)


def _run(
    network: MultiTaskNetwork, data: DataSet, **changed: np.ndarray[Any, Any]
) -> dict[str, Tensor]:
    inputs = {name: torch.from_numpy(changed.get(name, x[:])) for name, x in data.inputs.items()}
    return network(inputs, {name: torch.from_numpy(mask) for name, mask in data.masks.items()})


def test_only_its_own_task_reads_the_view(data: DataSet) -> None:
    network = build(data, {"position": {"values": 9}}).eval()
    assert network.views == {"relation": ("tokens", "position"), "tags": ("tokens",)}
    before, after = (
        _run(network, data),
        _run(network, data, position=8 - data.inputs["position"][:]),
    )
    assert (before["tags"] == after["tags"]).all(), "or the tagger could read the answer off"
    assert (before["relation"] != after["relation"]).any()


def test_padding_does_not_count(data: DataSet) -> None:
    network = build(data, {"position": {"values": 9}, "weight": {}}).eval()
    padded = {
        name: np.where(data.masks["tokens"], data.inputs[name][:], 7)
        for name in ("position", "weight")
    }
    assert (_run(network, data)["relation"] == _run(network, data, **padded)["relation"]).all()


def test_widths_parameters_and_rows(data: DataSet) -> None:
    network = build(data, {"position": {"values": 9, "width": 4}, "weight": {}, "pair": {}})
    assert network.heads["relation"].dense.in_features == 6 + 4 + 1 + 2
    assert network.heads["tags"].dense.in_features == 6
    (table,) = network.necks["relation"][0].parameters()
    assert table.shape == (9, 4)
    assert any(p is table for p in network.task_parameters("relation"))
    assert not any(
        p is table for p in [*network.shared_parameters(), *network.task_parameters("tags")]
    )


def test_the_graph_shows_where_the_views_join(data: DataSet) -> None:
    graph = trace_graph(
        build(data, {"position": {"values": 9, "width": 4}, "weight": {}, "pair": {}}), data
    )
    node = graph.by_id["side_inputs:relation"]
    assert (node.label, node.takes, node.gives) == (
        "side inputs: position, weight, pair",
        (T, 6),
        (T, 13),
    )
    assert (node.parameters, node.tasks) == (36, ("relation",))
    assert [source.id for source in graph.sources(node)] == [
        "block:0",
        "view:position",
        "view:weight",
        "view:pair",
    ]
    assert [source.id for source in graph.sources(graph.by_id["head:relation"])] == [
        "side_inputs:relation"
    ]
    assert [source.id for source in graph.sources(graph.by_id["head:tags"])] == ["block:0"]
    assert graph.by_id["view:position"].tasks == ("relation",)


def test_side_inputs_vectors(data: DataSet) -> None:
    network = build(
        data, {"age": {}, "colour": {"values": 4}}, {"name": "mlp", "widths": [6]}
    ).eval()
    assert network.heads["relation"].dense.in_features == 6 + 8 + 1
    before, after = _run(network, data), _run(network, data, age=-data.inputs["age"][:])
    assert (before["relation"] != after["relation"]).any(1).all()


def test_a_network_is_built_from_a_stored_layout(data: DataSet) -> None:
    stored = DataSpec.from_json(data_spec(data).to_json())
    network, again = (
        build(data, {"position": {"values": 9}}),
        build(stored, {"position": {"values": 9}}),
    )
    again.load_state_dict(network.state_dict())
    assert (_run(network.eval(), data)["relation"] == _run(again.eval(), data)["relation"]).all()


def test_a_list_of_names_is_enough_for_real_numbers(data: DataSet) -> None:
    assert build(data, ["weight", "pair"]).necks["relation"][0].views == ("weight", "pair")
    assert build(data, "weight").necks["relation"][0].views == ("weight",)


@pytest.mark.parametrize(
    ("side_inputs", "path", "message"),
    [
        ("positon", "tasks.relation.side_inputs", "did you mean 'position'"),
        ("age", "tasks.relation.side_inputs", r"shape \(\) cannot be appended to tokens"),
        ("position", "tasks.relation.side_inputs.position.values", "0 .. 8, so 9"),
        ({"position": {"values": 8}}, "tasks.relation.side_inputs.position.values", "9 or more"),
        ({"weight": {"values": 8}}, "tasks.relation.side_inputs.weight.values", "real numbers"),
        ({"position": {"value": 8}}, "tasks.relation.side_inputs.position.value", "unknown key"),
        ({"position": {"values": 0}}, "tasks.relation.side_inputs.position.values", "at least 1"),
    ],
)
def test_mistakes_are_named(data: DataSet, side_inputs: object, path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        build(data, side_inputs)
    assert caught.value.path == path


def test_nothing_is_appended_to_a_map(data: DataSet) -> None:
    with pytest.raises(ConfigError, match="appended to a map"):
        build(data, ["age"], {"name": "convnet", "channels": [4], "kernel": 3})


def test_necks_keep_their_names_in_state_dicts(data: DataSet) -> None:
    """They are a file format: networks of all versions are loaded by these names."""
    side_inputs = {"position": {"values": 9, "width": 3}}
    network = build(data, side_inputs)
    names = [name for name in network.state_dict() if "neck" in name or "between" in name]
    assert names == ["between_modules.task:relation.0.tables.task:position.weight"]
