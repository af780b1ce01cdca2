"""The graph of a network: against what runs, what gradients reach, and graphs by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtl_search.config import load_config
from mtl_search.data import DataSet, Target
from mtl_search.data.spec import DataSpec, data_spec
from mtl_search.errors import ConfigError
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.backbones.stages import FrozenStage
from mtl_search.models.build import build_network
from mtl_search.models.graph import Graph
from mtl_search.models.graph_tracing import trace_graph
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.sharing import SHARING, DiagramBlock, HardSharing
from mtl_search.models.stage import Stage, parameter_count
from tests.support.model_cases import BACKBONE_CASES, SHARING_CASES, backbone_input
from tests.support.packages import PACKAGES, need_package
from tests.support.repository import CONFIGS

HERE = __name__
N = 12
TASKS: dict[str, Any] = {
    "a": {"head": "softmax", "view": "x"},
    "b": {"head": {"name": "regression", "hidden": [3]}, "view": "y"},
    "c": {"head": "pair", "view": ["x", "y"]},
}


def _targets() -> dict[str, Target]:
    rng = np.random.default_rng(0)
    return {
        "a": Target(rng.integers(0, 4, N), "class", ("p", "q", "r", "s")),
        "b": Target(rng.normal(size=N).astype(np.float32), "real"),
        "c": Target(rng.integers(0, 2, N), "binary", ("no", "yes")),
        "tags": Target(rng.integers(0, 2, (N, 5)), "tags", ("O", "B")),
    }


def _data(*shape: int) -> DataSet:
    rng = np.random.default_rng(1)
    inputs = {
        view: rng.normal(size=(N, *shape)).astype(np.float32) for view in ("x", "y", "unused")
    }
    return DataSet(inputs, _targets(), _SPLITS)


_SPLITS = {"train": np.arange(6), "validation": np.arange(6, 9), "test": np.arange(9, N)}
DATA = _data(6)


def _network(
    sharing: Any = "hard",
    backbone: Any = None,
    data: DataSet = DATA,
    tasks: Mapping[str, Any] = TASKS,
    **model: Any,
) -> MultiTaskNetwork:
    torch.manual_seed(0)
    model = {"backbone": backbone or {"name": "mlp", "widths": [7, 5]}, "sharing": sharing, **model}
    return build_network(
        load_config({"name": "x", "data": "unused", "tasks": dict(tasks), "model": model}), data
    )


def _inputs(data: DataSet = DATA) -> dict[str, Tensor]:
    return {view: torch.from_numpy(x[:]) for view, x in data.inputs.items()}


def _edges(graph: Graph) -> list[str]:
    return [f"{edge.source} → {edge.target}: {' '.join(edge.views)}" for edge in graph.edges]


CASES = [(name, arguments) for name in SHARING for arguments in SHARING_CASES[name]]


@pytest.fixture(params=CASES, ids=[f"{name}-{arguments}" for name, arguments in CASES])
def network(request: pytest.FixtureRequest) -> MultiTaskNetwork:
    name, arguments = request.param
    return _network({"name": name, **arguments})


# -------------------------------------------------------------------------- of every sharing policy


def test_parameters_add_up(network: MultiTaskNetwork) -> None:
    graph = trace_graph(network, DATA)
    assert (
        sum(node.parameters for node in graph.nodes) == parameter_count(network) == graph.parameters
    )
    assert sum(node.trainable for node in graph.nodes) == graph.trainable == graph.parameters
    assert graph.shared == sum(p.numel() for p in network.shared_parameters())


def test_every_node_takes_what_its_sources_give(network: MultiTaskNetwork) -> None:
    graph = trace_graph(network, DATA)
    ids = [node.id for node in graph.nodes]
    assert len(set(ids)) == len(ids)
    for edge in graph.edges:
        assert ids.index(edge.source) < ids.index(edge.target)
        assert graph.by_id[edge.source].gives == graph.by_id[edge.target].takes
    ends = {node.id for node in graph.nodes} - {edge.source for edge in graph.edges}
    assert ends == {f"head:{task}" for task in TASKS}, "everything but a head is read by something"


def test_shapes_are_those_of_a_forward_pass(network: MultiTaskNetwork) -> None:
    graph, outputs = trace_graph(network, DATA), network(_inputs())
    for task, output in outputs.items():
        assert graph.by_id[f"head:{task}"].gives == tuple(output.shape[1:])
    for view in ("x", "y"):
        assert graph.by_id[f"view:{view}"].gives == (6,)
    stages = [node for node in graph.nodes if node.kind == "stage"]
    assert {(node.label, node.takes, node.gives) for node in stages} == {
        ("dense 7", (6,), (7,)),
        ("dense 5", (7,), (5,)),
    }


def test_readers_are_those_that_gradients_show(network: MultiTaskNetwork) -> None:
    graph, outputs = trace_graph(network, DATA), network(_inputs())
    blocks = network.sharing.blocks()
    for i, block in enumerate(blocks):
        weights = list(block.weights if block.module is None else block.module.parameters())
        found = [
            task
            for task, output in outputs.items()
            if any(
                g is not None
                for g in torch.autograd.grad(
                    output.sum(), weights, retain_graph=True, allow_unused=True
                )
            )
        ]
        assert list(graph.by_id[f"block:{i}"].tasks) == found


def test_views_are_as_many_as_pass_a_stage(network: MultiTaskNetwork) -> None:
    graph, blocks = trace_graph(network, DATA), network.sharing.blocks()
    batches: dict[int, int] = {}
    for i, block in enumerate(blocks):
        if block.module is not None:
            block.module.register_forward_hook(
                lambda _m, args, _y, i=i: batches.update({i: len(args[0])})
            )
    network(_inputs())
    assert {i: len(graph.by_id[f"block:{i}"].views) * N for i in batches} == batches
    assert batches


def test_a_head_reads_the_features_of_its_views(network: MultiTaskNetwork) -> None:
    graph = trace_graph(network, DATA)
    for task, views in network.sharing.views.items():
        (edge,) = [edge for edge in graph.edges if edge.target == f"head:{task}"]
        assert edge.views == views


def test_a_layout_is_enough(network: MultiTaskNetwork) -> None:
    assert trace_graph(network, data_spec(DATA)) == trace_graph(network, DATA)


# ------------------------------------------------------------------------------------------ by hand


def test_hard_sharing_with_a_depth_a_task() -> None:
    graph = trace_graph(_network({"name": "hard", "depth": {"a": 0, "b": 2, "c": 1}}), DATA)
    assert _edges(graph) == [
        "view:x → block:0: x",
        "view:y → block:0: y",
        "block:0 → block:1: y",
        "view:x → block:2: x",
        "block:2 → block:3: x",
        "block:0 → block:4: x y",
        "block:3 → head:a: x",
        "block:1 → head:b: y",
        "block:4 → head:c: x y",
    ]
    assert [graph.by_id[f"block:{i}"].tasks for i in range(5)] == [
        ("b", "c"),
        ("b",),
        ("a",),
        ("a",),
        ("c",),
    ]
    sizes = [node.parameters for node in graph.nodes]
    assert sizes == [0, 0, 49, 40, 49, 40, 40, 5 * 4 + 4, 5 * 3 + 3 + 3 + 1, 2]
    assert graph.shared == 49


def test_separate_networks() -> None:
    graph = trace_graph(_network({"name": "hard", "depth": 0}), DATA)
    assert graph.shared == 0
    assert [edge for edge in _edges(graph) if edge.startswith("view")] == [
        "view:x → block:0: x",
        "view:y → block:2: y",
        "view:x → block:4: x",
        "view:y → block:4: y",
    ]
    assert all(len(node.tasks) == 1 for node in graph.nodes if node.kind == "stage")


def test_cross_stitch_has_a_mixture_after_every_level() -> None:
    graph = trace_graph(_network("cross_stitch"), DATA)
    mixtures = [node for node in graph.nodes if node.kind == "mixture"]
    assert [(node.parameters, node.takes, node.gives) for node in mixtures] == [
        (9, (7,), (7,)),
        (9, (5,), (5,)),
    ]
    assert [source.column for source in graph.sources(mixtures[1])] == ["a", "b", "c"]
    assert [s.id for s in graph.sources(graph.by_id["head:b"])] == [mixtures[1].id]


def test_soft_sharing_says_how_strong() -> None:
    graph = trace_graph(_network({"name": "soft", "strength": [0.1], "depth": 1}), DATA)
    assert {(node.takes, node.tied_strength) for node in graph.nodes if node.kind == "stage"} == {
        ((6,), 0.1),
        ((7,), 0.0),
    }


@pytest.mark.parametrize("name", BACKBONE_CASES)
def test_stages_of_every_backbone(name: str) -> None:
    if name in PACKAGES:
        need_package(PACKAGES[name])
    shape, arguments, widths, kinds = BACKBONE_CASES[name][-1]
    x = backbone_input(name, shape, arguments, samples=N).numpy()
    data = DataSet({"x": x}, _targets(), _SPLITS)
    tasks = {"a": {"head": {"name": "softmax", "pool": "mean"}}}
    nodes = trace_graph(_network("hard", {"name": name, **arguments}, data, tasks), data).nodes
    assert nodes[0].gives == shape
    stages = [node for node in nodes if node.kind == "stage"]
    ranks = {"vector": 1, "tokens": 2, "map": 3}
    assert [len(node.gives) for node in stages] == [ranks[kind] for kind in kinds]
    assert [node.gives[0 if len(node.gives) == 3 else -1] for node in stages] == widths
    assert nodes[-1].takes == stages[-1].gives


def test_masked_tokens() -> None:
    x = {"x": np.zeros((N, 5, 3), np.float32)}
    data = DataSet(x, _targets(), _SPLITS, {"x": np.arange(5) < np.arange(N)[:, None] % 4 + 1})
    tasks = {"tags": {"head": "crf"}, "a": {"head": "softmax"}}
    graph = trace_graph(_network("hard", {"name": "bilstm", "hidden": 4}, data, tasks), data)
    assert [(n.takes, n.gives) for n in graph.nodes[1:]] == [
        ((5, 3), (5, 8)),
        ((5, 8), (5, 2)),
        ((5, 8), (4,)),
    ]


# ---------------------------------------------------------------------- augmentation, frozen stages

FLIP = [{"name": "RandomHorizontalFlip", "p": 0.5}]


def test_augmentation_stands_before_all_stages_of_images() -> None:
    pytest.importorskip("kornia", reason="an optional dependency: pip install 'mtl-search[images]'")
    data = _data(1, 8, 8)
    network = _network(
        {"name": "hard", "depth": {"a": 0, "b": 1}}, {"name": "convnet"}, data, augment=FLIP
    )
    graph = trace_graph(network, data)
    assert (graph.by_id["augment"].label, graph.by_id["augment"].gives) == (
        "RandomHorizontalFlip",
        (1, 8, 8),
    )
    assert [edge for edge in _edges(graph) if "augment" in edge] == [
        "view:x → augment: x",
        "view:y → augment: y",
        "augment → block:0: x y",
        "augment → block:2: x",
    ]


def test_augmentation_is_not_shown_where_nothing_is_an_image() -> None:
    pytest.importorskip("kornia", reason="an optional dependency: pip install 'mtl-search[images]'")
    assert "augment" not in trace_graph(_network(augment=FLIP), DATA).by_id


def half_frozen(input_shape: tuple[int, ...]) -> list[Stage]:
    """A backbone whose first stage does not learn; of the second, only the bias."""
    first, second = BACKBONES["mlp"](input_shape, widths=[7, 5])
    weight, _ = second.parameters()
    weight.requires_grad = False
    return [FrozenStage(first), second]


def test_frozen_parameters_are_counted_apart() -> None:
    graph = trace_graph(_network(backbone=f"{HERE}:half_frozen"), DATA)
    assert [(n.parameters, n.trainable) for n in graph.nodes if n.kind == "stage"] == [
        (49, 0),
        (40, 5),
    ]
    assert graph.parameters - graph.trainable == 49 + 35


# --------------------------------------------------------------------- what is left, and what fails


def test_the_network_is_left_as_it_was() -> None:
    network = _network(backbone=f"{HERE}:drawing").train()
    before, state = (
        torch.get_rng_state(),
        {name: x.clone() for name, x in network.state_dict().items()},
    )
    trace_graph(network, DATA)
    assert torch.equal(torch.get_rng_state(), before)
    assert network.training
    assert all(torch.equal(x, state[name]) for name, x in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())
    trace_graph(network.eval(), DATA)
    assert not network.training


class _Drawing(nn.Module):
    """Draws random numbers in evaluation mode, too."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand_like(x)


def drawing(input_shape: tuple[int, ...]) -> list[Stage]:
    return [Stage(nn.Sequential(_Drawing(), nn.BatchNorm1d(6)), 6, "draws")]


class _Refusing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("not today")


def refusing(input_shape: tuple[int, ...]) -> list[Stage]:
    return [Stage(nn.Sequential(nn.Linear(6, 3), _Refusing()), 3, "refuses")]


def test_a_network_that_does_not_run_says_why() -> None:
    network = _network(backbone=f"{HERE}:refusing")
    with pytest.raises(ConfigError, match="RuntimeError: not today") as caught:
        trace_graph(network, DATA)
    assert caught.value.path == "model"
    assert not any(module._forward_hooks for module in network.modules())


class Idle(HardSharing):
    """A policy of the user's that lists a stage which it does not run."""

    def blocks(self) -> list[DiagramBlock]:
        return [*super().blocks(), DiagramBlock("idle", ("a",), ("x",), nn.Linear(1, 1))]


def test_a_block_that_does_not_run_is_named() -> None:
    with pytest.raises(ConfigError, match="block 'idle' takes no part") as caught:
        trace_graph(_network(f"{HERE}:Idle"), DATA)
    assert caught.value.path == "model.sharing"


# ---------------------------------------------------------------------------------- shipped configs


# What their data look like, so that the networks can be built without the data.
_IMAGE_PAIR = {"left": "class 10", "right": "class 10", "same": "binary"}
LAYOUTS: dict[str, tuple[dict[str, tuple[list[int], str]], dict[str, str], list[str]]] = {
    "quickstart": (
        {"image": ([1, 8, 8], "float32")}, {"digit": "class 10", "attributes": "multilabel 4"}, [],
    ),
    "digit_pairs": (
        {"left": ([1, 8, 8], "float32"), "right": ([1, 8, 8], "float32")}, _IMAGE_PAIR, [],
    ),
    "siamese_pairs": (
        {"left": ([1, 28, 28], "float32"), "right": ([1, 28, 28], "float32")}, _IMAGE_PAIR, [],
    ),
    "penguins": (
        {"table": ([7], "float32")},
        {"species": "class 3", "island": "class 3", "sex": "binary", "body_mass": "real"}, [],
    ),
    "census": ({"table": ([424], "float32")}, {"income": "binary", "never_married": "binary"}, []),
    "faces": (
        {"images": ([30, 32], "float32")},
        {"person": "class 20", "pose": "class 4", "expression": "class 4", "sunglasses": "binary"},
        [],
    ),
    "relation_entities": (
        {"tokens": ([40, 386], "float32")},
        {"relation": "class 19", "entities": "tags 3"}, ["tokens"],
    ),
    "relation_entities_strict": (
        {
            "tokens": ([40, 384], "float32"),
            "position1": ([40], "int64"), "position2": ([40], "int64"),
        },
        {"relation": "class 19", "entities": "tags 3"}, ["tokens"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_shipped_configs(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.yaml")
    inputs, targets, masks = LAYOUTS[name]
    kinds = {target: kind.split() for target, kind in targets.items()}
    classes = {
        target: [str(i) for i in range(int(kind[1]))] if kind[1:] else []
        for target, kind in kinds.items()
    }
    tree = {
        "inputs": inputs,
        "targets": {t: [kind[0], classes[t]] for t, kind in kinds.items()},
        "masks": masks,
    }
    if config.model.backbone.name in PACKAGES:
        need_package(PACKAGES[config.model.backbone.name])
    data = DataSpec.from_json(tree)
    network = build_network(config, data)
    graph = trace_graph(network, data)
    heads = [node for node in graph.nodes if node.kind == "head"]
    assert [task for node in heads for task in node.tasks] == list(config.tasks)
    assert sum(node.parameters for node in graph.nodes) == parameter_count(network)
    for edge in graph.edges:
        source, target = graph.by_id[edge.source], graph.by_id[edge.target]
        assert source.gives == target.takes or (source.kind, target.kind) == (
            "input",
            "side_inputs",
        )
