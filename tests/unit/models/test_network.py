"""The whole network of a config."""

from __future__ import annotations

import copy
import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtl_search.config import Config, parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.errors import ConfigError
from mtl_search.models.heads.regression import Regression
from mtl_search.models.network import MultiTaskNetwork, build_network
from mtl_search.models.stage import Stage

N = 20


def _data() -> DataSet:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(N, 1, 8, 8)).astype(np.float32)
    return DataSet(
        inputs={
            "left": image,
            "right": rng.normal(size=image.shape).astype(np.float32),
            "table": rng.normal(size=(N, 6)).astype(np.float32),
            "words": rng.integers(0, 9, (N, 4)),
            "words with positions": rng.integers(0, 9, (N, 4, 2)),
            "tokens": rng.normal(size=(N, 4, 3)).astype(np.float32),
        },
        targets={
            "digit": Target(rng.integers(-1, 3, N), "class", ("a", "b", "c")),
            "same": Target(rng.integers(0, 2, N), "binary", ("different", "same")),
            "many": Target(rng.integers(-1, 2, (N, 4)), "multilabel", ("p", "q", "r", "s")),
            "size": Target(rng.normal(100, 10, N).astype(np.float32), "real"),
            "tags": Target(rng.integers(0, 2, (N, 4)), "tags", ("O", "B")),
        },
        splits={"train": np.arange(12), "validation": np.arange(12, 16), "test": np.arange(16, N)},
        masks={"tokens": np.arange(4) < rng.integers(1, 5, (N, 1))},
    )


DATA = _data()
TASKS: dict[str, Any] = {
    "digit": {"head": "softmax", "view": "left"},
    "second": {"head": "softmax", "view": "right", "target": "digit"},
    "same": {"head": {"name": "pair", "hidden": [6]}, "view": ["left", "right"]},
    "many": {"head": "multilabel", "view": "left"},
    "size": {
        "head": {"name": "regression", "dropout": 0.1},
        "view": "right",
        "loss": {"name": "huber", "delta": 2.0},
    },
}


def _config(tasks: dict[str, Any] | None = None, backbone: Any = "mlp", **sharing: Any) -> Config:
    model = {"backbone": backbone, "sharing": {"name": "hard", **sharing}}
    return parse(
        {"name": "test", "data": "none", "tasks": TASKS if tasks is None else tasks, "model": model}
    )


def _inputs() -> dict[str, Tensor]:
    return {name: torch.as_tensor(x) for name, x in DATA.inputs.items()}


def _targets(network: MultiTaskNetwork, rows: Any = slice(None)) -> dict[str, Tensor]:
    return {
        task: torch.as_tensor(DATA.targets[name].values[rows])
        for task, name in network.target_names.items()
    }


@pytest.mark.parametrize("backbone", ["mlp", "convnet"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_every_task_has_an_output_a_loss_and_a_prediction(backbone: str, depth: int) -> None:
    network = build_network(_config(backbone=backbone, depth=depth), DATA)
    targets = _targets(network)
    network.fit({task: target[:12] for task, target in targets.items()})
    outputs = network(_inputs())
    predictions = network.predict(outputs)
    assert list(outputs) == list(predictions) == list(network.heads) == list(TASKS)
    losses = [network.heads[task].loss(outputs[task], targets[task]) for task in outputs]
    torch.stack(losses).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_the_network_says_what_each_task_reads_and_predicts() -> None:
    network = build_network(_config(), DATA)
    assert network.views["same"] == ("left", "right")
    assert network.target_names == {**{task: task for task in TASKS}, "second": "digit"}


def test_outputs_are_those_of_a_network_wired_by_hand() -> None:
    network = build_network(_config(depth=1), DATA).eval()
    inputs, sharing = _inputs(), network.sharing
    outputs = network(inputs)
    (trunk,) = sharing.trunk  # type: ignore[misc]
    for task in ("digit", "second", "many", "size"):
        (own,) = sharing.branch(task)  # type: ignore[operator]
        expected = network.heads[task](own(trunk(inputs[network.views[task][0]])))
        torch.testing.assert_close(outputs[task], expected)
    (own,) = sharing.branch("same")  # type: ignore[operator]
    expected = network.heads["same"](own(trunk(inputs["left"])), own(trunk(inputs["right"])))
    torch.testing.assert_close(outputs["same"], expected)


def test_fit_reaches_every_head() -> None:
    network = build_network(_config(), DATA)
    network.fit(_targets(network, slice(0, 12)))
    head = network.heads["size"]
    assert isinstance(head, Regression)
    expected = DATA.targets["size"].values[:12].mean()
    assert head.mean.item() == pytest.approx(expected, rel=1e-5)
    assert all(head.trivial_loss.item() != 1.0 for head in network.heads.values())


@pytest.mark.parametrize("task", TASKS)
def test_one_task_alone_is_a_network_of_its_own(task: str) -> None:
    network = build_network(_config({task: TASKS[task]}), DATA)
    assert list(network(_inputs())) == [task]
    assert network.shared_parameters() == []
    assert {id(p) for p in network.task_parameters(task)} == {id(p) for p in network.parameters()}


@pytest.mark.parametrize("depth", [0, 1, 2, {"digit": 0, "many": 1}])
def test_parameters_are_shared_or_of_one_task(depth: Any) -> None:
    network = build_network(_config(depth=depth), DATA)
    owned = [network.shared_parameters(), *(network.task_parameters(task) for task in TASKS)]
    ids = [id(p) for parameters in owned for p in parameters]
    assert len(ids) == len(set(ids)) == len(list(network.parameters()))


ODD_NAMES = [
    "a.b",
    "a%2Eb",
    "type",
    "keys",
    "forward",
    "training",
    "",
    "with space",
    "task:x",
    "größe",
    ".",
]


def test_tasks_may_have_any_name() -> None:
    tasks = {name: {**TASKS["digit"], "target": "digit"} for name in ODD_NAMES}
    network = build_network(_config(tasks, depth=1), DATA)
    assert list(network(_inputs())) == ODD_NAMES
    again = build_network(_config(tasks, depth=1), DATA)
    again.load_state_dict(network.state_dict())
    for name, output in again(_inputs()).items():
        torch.testing.assert_close(output, network(_inputs())[name])


def test_a_copy_has_its_own_heads() -> None:
    network = build_network(_config(), DATA)
    other = copy.deepcopy(network)
    with torch.no_grad():
        for p in other.parameters():
            p.zero_()
    assert {id(h) for h in other.heads.values()} == {id(h) for h in other.head_modules.values()}
    assert all(not p.any() for head in other.heads.values() for p in head.parameters())
    assert any(p.any() for head in network.heads.values() for p in head.parameters())


def test_weights_survive_a_file_that_is_read_without_pickle() -> None:
    network = build_network(_config(depth=1), DATA)
    network.fit(_targets(network))
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other = build_network(_config(depth=1), DATA)
    other.load_state_dict(torch.load(file, weights_only=True))
    network.eval()
    other.eval()
    one, two = network.predict(network(_inputs())), other.predict(other(_inputs()))
    for task in TASKS:
        torch.testing.assert_close(one[task], two[task])


def test_the_seed_decides_the_weights() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build_network(_config(depth=1), DATA).state_dict())
    key = next(iter(states[0]))
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert not torch.equal(states[0][key], states[2][key])


def token_stages(input_shape: tuple[int, ...], *, width: int = 4) -> list[Stage]:
    """A user's backbone that keeps tokens."""
    return [Stage(nn.Linear(input_shape[-1], width), width, f"token {width}", "tokens")]


TOKEN_TASKS: dict[str, Any] = {
    "tags": {"head": "crf", "view": "tokens"},
    "digit": {"head": "softmax", "view": "tokens"},
}


def test_tokens_reach_a_tagger_and_a_classifier_with_their_mask() -> None:
    backbone = {"name": f"{__name__}:token_stages", "width": 5}
    network = build_network(_config(TOKEN_TASKS, backbone=backbone), DATA)
    mask = torch.as_tensor(DATA.masks["tokens"])
    inputs = _inputs()
    outputs = network(inputs, {"tokens": mask})
    assert torch.equal(network.predict(outputs)["tags"] == -1, ~mask)
    dirty = {**inputs, "tokens": inputs["tokens"].masked_fill(~mask.unsqueeze(2), 99.0)}
    again = network(dirty, {"tokens": mask})
    torch.testing.assert_close(again, outputs)
    assert network(inputs)["tags"].isfinite().all()


def one_number(output: Tensor, target: Tensor) -> Tensor:
    """A user's loss."""
    return (output - target).abs() ** 1.5


def broken_stages(input_shape: tuple[int, ...]) -> list[Stage]:
    """A user's backbone that fails."""
    raise KeyError("boom")


def power(exponent: float = 2.0) -> Any:
    """A user's loss with an argument."""
    return lambda output, target: (output - target).abs() ** exponent


@pytest.mark.parametrize(
    "loss", [f"{__name__}:one_number", {"name": f"{__name__}:power", "exponent": 1.5}]
)
def test_a_users_loss_works_as_a_function_and_as_a_factory(loss: Any) -> None:
    tasks = {"size": {**TASKS["size"], "head": "regression", "loss": loss}}
    network = build_network(_config(tasks), DATA)
    head, targets = network.heads["size"], _targets(network)["size"]
    head.fit(targets)
    output = network(_inputs())["size"]
    torch.testing.assert_close(
        head.loss(output, targets), ((output - head.encode(targets)).abs() ** 1.5).mean()
    )
    assert head.trivial_loss.item() > 0


def test_the_only_view_needs_no_name() -> None:
    data = DataSet({"table": DATA.inputs["table"]}, DATA.targets, DATA.splits)
    assert build_network(_config({"digit": {"head": "softmax"}}), data).views == {
        "digit": ("table",)
    }


def test_the_only_two_views_of_a_pair_need_no_name() -> None:
    data = DataSet(
        {name: DATA.inputs[name] for name in ("left", "right")}, DATA.targets, DATA.splits
    )
    assert build_network(_config({"same": {"head": "pair"}}), data).views == {
        "same": ("left", "right")
    }


# What is wrong, the changed part of the config, the path, and a piece of the message.
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "view",
        {"tasks": {"digit": {"head": "softmax", "view": "lefd"}}},
        "tasks.digit.view",
        "did you mean 'left'",
    ),
    ("no view", {"tasks": {"digit": {"head": "softmax"}}}, "tasks.digit.view", "say which"),
    (
        "target",
        {"tasks": {"dogit": {"head": "softmax", "view": "left"}}},
        "tasks.dogit.target",
        "did you mean 'digit'",
    ),
    (
        "target by name",
        {"tasks": {"t": {"head": "softmax", "view": "left", "target": "siz"}}},
        "tasks.t.target",
        "did you mean 'size'",
    ),
    (
        "head",
        {"tasks": {"digit": {"head": "softmx", "view": "left"}}},
        "tasks.digit.head.name",
        "did you mean 'softmax'",
    ),
    (
        "kind",
        {"tasks": {"size": {"head": "softmax", "view": "left"}}},
        "tasks.size.head",
        "allowed:  regression",
    ),
    (
        "head argument",
        {"tasks": {"digit": {"head": {"name": "softmax", "droput": 0.1}, "view": "left"}}},
        "tasks.digit.head.droput",
        "did you mean 'dropout'",
    ),
    (
        "head value",
        {"tasks": {"digit": {"head": {"name": "softmax", "dropout": 2}, "view": "left"}}},
        "tasks.digit.head.dropout",
        "at least 0 and below 1",
    ),
    (
        "pool",
        {"tasks": {"digit": {"head": {"name": "softmax", "pool": "maxx"}, "view": "left"}}},
        "tasks.digit.head.pool",
        "did you mean 'max'",
    ),
    (
        "hidden",
        {"tasks": {"same": {"head": {"name": "pair", "hidden": [0]}, "view": ["left", "right"]}}},
        "tasks.same.head.hidden",
        "at least 1",
    ),
    (
        "loss",
        {"tasks": {"digit": {"head": "softmax", "view": "left", "loss": "mse"}}},
        "tasks.digit.loss",
        "allowed:  cross_entropy",
    ),
    (
        "loss argument",
        {
            "tasks": {
                "size": {"head": "regression", "view": "left", "loss": {"name": "huber", "beta": 1}}
            }
        },
        "tasks.size.loss.beta",
        "allowed:  delta",
    ),
    (
        "loss value",
        {
            "tasks": {
                "size": {
                    "head": "regression",
                    "view": "left",
                    "loss": {"name": "huber", "delta": 0},
                }
            }
        },
        "tasks.size.loss.delta",
        "above 0",
    ),
    (
        "class weights",
        {
            "tasks": {
                "digit": {
                    **TASKS["digit"],
                    "loss": {"name": "cross_entropy", "class_weights": [1.0, 2.0]},
                }
            }
        },
        "tasks.digit.loss.class_weights",
        "3 weights",
    ),
    (
        "label weights",
        {
            "tasks": {
                "many": {
                    **TASKS["many"],
                    "loss": {"name": "binary_cross_entropy", "pos_weight": [1.0]},
                }
            }
        },
        "tasks.many.loss.pos_weight",
        "4 weights",
    ),
    (
        "user loss",
        {"tasks": {"size": {**TASKS["size"], "loss": f"{__name__}:N"}}},
        "tasks.size.loss",
        "a function of",
    ),
    (
        "metric",
        {"tasks": {"digit": {"head": "softmax", "view": "left", "metrics": "acuracy"}}},
        "tasks.digit.metrics",
        "did you mean 'accuracy'",
    ),
    (
        "one view of two",
        {"tasks": {"same": {"head": "pair", "view": "left"}}},
        "tasks.same.view",
        "reads 2 view",
    ),
    (
        "two views of one",
        {"tasks": {"digit": {"head": "softmax", "view": ["left", "right"]}}},
        "tasks.digit.view",
        "reads 1 view",
    ),
    (
        "shapes",
        {"tasks": {"digit": TASKS["digit"], "size": {"head": "regression", "view": "table"}}},
        "tasks.size.view",
        "allowed:  left, right",
    ),
    (
        "no tokens",
        {"tasks": {"tags": {"head": "crf", "view": "tokens"}}},
        "tasks.tags.head",
        "reads tokens",
    ),
    (
        "integers",
        {"tasks": {"digit": {"head": "softmax", "view": "words"}}},
        "model.backbone",
        "real numbers",
    ),
    (
        "words",
        {
            "backbone": {"name": "bilstm", "indices": 1, "index_values": 9},
            "tasks": {"digit": {"head": "softmax", "view": "words with positions"}},
        },
        "model.backbone.vocabulary",
        "numbers of tokens",
    ),
    ("backbone", {"backbone": "convnt"}, "model.backbone.name", "did you mean 'convnet'"),
    (
        "backbone argument",
        {"backbone": {"name": "mlp", "width": 3}},
        "model.backbone.width",
        "did you mean 'widths'",
    ),
    (
        "backbone value",
        {"backbone": {"name": "mlp", "widths": [-3]}},
        "model.backbone.widths",
        "at least 1",
    ),
    ("backbone of nothing", {"backbone": f"{__name__}:power"}, "model.backbone", "list of"),
    (
        "backbone that fails",
        {"backbone": f"{__name__}:broken_stages"},
        "model.backbone",
        "(KeyError: 'boom')",
    ),
    ("depth", {"depth": 3}, "model.sharing.depth", "from 0 to 2"),
    ("depth of a task", {"depth": {"digit": 3}}, "model.sharing.depth.digit", "from 0 to 2"),
    ("depth of nobody", {"depth": {"digt": 1}}, "model.sharing.depth", "did you mean 'digit'"),
    ("sharing argument", {"dept": 1}, "model.sharing.dept", "did you mean 'depth'"),
    ("sharing", {"name": "hrad"}, "model.sharing.name", "did you mean 'hard'"),
    (
        "no head",
        {"tasks": {"digit": {"head": f"{__name__}:power", "view": "left"}}},
        "tasks.digit.head.name",
        "no subclass",
    ),
]


@pytest.mark.parametrize(
    ("change", "path", "text"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_what_is_wrong_is_said_with_its_path(change: dict[str, Any], path: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_network(_config(**change), DATA)
    assert caught.value.path == path
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert text in message
