"""Building the network of a config."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.data.dataset import DataSet
from mtl_search.errors import ConfigError
from mtl_search.models.build import build_network
from mtl_search.models.stage import Stage
from tests.support import small_sweeps as small
from tests.support.networks import DATA, TASKS, network_config, network_inputs, network_targets


def test_the_seed_decides_the_weights() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build_network(network_config(depth=1), DATA).state_dict())
    key = next(iter(states[0]))
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert not torch.equal(states[0][key], states[2][key])


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
    network = build_network(network_config(tasks), DATA)
    head, targets = network.heads["size"], network_targets(network)["size"]
    head.fit(targets)
    output = network(network_inputs())["size"]
    torch.testing.assert_close(
        head.loss(output, targets), ((output - head.encode(targets)).abs() ** 1.5).mean()
    )
    assert head.trivial_loss.item() > 0


def test_the_only_view_needs_no_name() -> None:
    data = DataSet({"table": DATA.inputs["table"]}, DATA.targets, DATA.splits)
    assert build_network(network_config({"digit": {"head": "softmax"}}), data).views == {
        "digit": ("table",)
    }


def test_the_only_two_views_of_a_pair_need_no_name() -> None:
    data = DataSet(
        {name: DATA.inputs[name] for name in ("left", "right")}, DATA.targets, DATA.splits
    )
    assert build_network(network_config({"same": {"head": "pair"}}), data).views == {
        "same": ("left", "right")
    }


NO_FUNCTION = 20

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
        {"tasks": {"size": {**TASKS["size"], "loss": f"{__name__}:NO_FUNCTION"}}},
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
    (
        "vocabulary",
        {
            "backbone": {"name": "bilstm", "vocabulary": 1},
            "tasks": {"digit": {"head": "softmax", "view": "words"}},
        },
        "model.backbone.vocabulary",
        "a vocabulary of 1 has 0 to 0",
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
        build_network(network_config(**change), DATA)
    assert caught.value.path == path
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert text in message


class Fixed(nn.Module):
    """A user's backbone that knows the shape of its input by itself."""

    def __init__(self, width: int = 5) -> None:
        super().__init__()
        self.flat = nn.Flatten()
        self.one, self.two = nn.Linear(6, width), nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.one(self.flat(x)))
        return torch.relu(self.two(x))


MADE = nn.Linear(6, 3)


def test_a_plain_module_is_cut_so_that_its_depth_can_be_searched() -> None:
    for depth in (0, 1, 2):
        changes = {
            "model.backbone": {"name": f"{__name__}:Fixed", "width": 4},
            "model.sharing.depth": depth,
        }
        network = build_network(small.config(changes), small.DATA)
        assert network.sharing.stages == 2
        outputs = network({"x": torch.randn(3, 6), "y": torch.randn(3, 6)})
        assert {len(output) for output in outputs.values()} == {3}


def test_copies_of_a_plain_module_have_weights_of_their_own() -> None:
    changes = {"model.backbone": f"{__name__}:Fixed", "model.sharing.depth": 0}
    sharing = build_network(small.config(changes), small.DATA).sharing
    one, two = (sharing.task_parameters(task)[0] for task in ("kind", "size"))
    assert one.shape == two.shape
    assert not torch.equal(one, two)


def test_one_module_is_no_backbone() -> None:
    with pytest.raises(ConfigError, match="this is one Linear; a class or a function") as caught:
        build_network(small.config({"model.backbone": f"{__name__}:MADE"}), small.DATA)
    assert caught.value.path == "model.backbone.name"
