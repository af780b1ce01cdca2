"""YAML, overrides and environment variables in; a frozen config, and the same YAML, out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mtl_search.config import load_config, override, to_dict, to_yaml
from mtl_search.errors import ConfigError
from tests.support.config_trees import tree


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_a_config_comes_back_from_its_own_yaml(tmp_path: Path) -> None:
    config = load_config(tree())
    assert load_config(write(tmp_path, to_yaml(config))) == config
    assert override(config, {}) == config


def test_loading_leaves_the_given_mapping_alone() -> None:
    given = tree()
    load_config(given, {"training.optimizer.lr": 1.0, "tasks.left.loss_weight": 3})
    assert given == tree()


OVERRIDES: list[tuple[str, str, Any]] = [
    ("training.epochs", "7", 7),
    ("training.optimizer.lr", "1e-3", 1e-3),
    ("training.schedule", "null", None),
    ("tasks.left.metrics", "[f1]", ["f1"]),
    ("tasks.left.head.hidden", "[3]", [3]),
    ("model.backbone", "{name: convnet, channels: [2]}", {"name": "convnet", "channels": [2]}),
    ("search.space.training.clip_norm", "{float: [0.5, 2]}", {"float": [0.5, 2]}),
    ("search.space.tasks.*.loss_weight", "null", None),
    ("tracking.uri", "http://h:5000/?a=b", "http://h:5000/?a=b"),
]


@pytest.mark.parametrize(("path", "text", "value"), OVERRIDES)
def test_overrides_mean_the_same_on_the_command_line_and_in_python(
    path: str, text: str, value: Any
) -> None:
    from_text = load_config(tree(), [f"{path}={text}"])
    assert (
        from_text
        == load_config(tree(), {path: value})
        == override(load_config(tree()), {path: value})
    )
    assert from_text != load_config(tree())


def test_an_override_opens_a_member_that_is_only_named() -> None:
    config = load_config(tree(), ["training.schedule.eta_min=1e-5", "tasks.left.head.dropout=0.5"])
    assert config.training.schedule is not None
    assert (config.training.schedule.name, config.training.schedule.arguments) == (
        "cosine",
        {"eta_min": 1e-5},
    )
    assert config.tasks["left"].head.arguments == {"dropout": 0.5}


def test_null_takes_an_entry_out_of_the_space() -> None:
    space = load_config(
        tree(), ["search.space.model.sharing.depth=null", "search.space.not.there=null"]
    ).search.space
    assert set(tree()["search"]["space"]) - set(space) == {"model.sharing.depth"}


def test_one_override_may_come_without_a_list() -> None:
    assert load_config(tree(), "seed=9").seed == 9


def test_later_overrides_win() -> None:
    assert load_config(tree(), ["seed=1", "seed=2"]).seed == 2


def test_an_override_of_an_aliased_node_changes_one_task_only(tmp_path: Path) -> None:
    text = """
    name: demo
    data: x
    model: {backbone: mlp}
    tasks: {a: &task {head: softmax}, b: *task}
    """
    config = load_config(write(tmp_path, text), ["tasks.a.loss_weight=5"])
    assert [task.loss_weight for task in config.tasks.values()] == [5.0, 1.0]


def test_numbers_of_numpy_become_pythons() -> None:
    config = load_config(
        tree(), {"training.optimizer.lr": np.float64(0.25), "training.epochs": np.int64(3)}
    )
    assert type(config.training.optimizer.arguments["lr"]) is float
    assert yaml.safe_load(to_yaml(config))["training"]["epochs"] == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("-2e2", -200.0),
        (".5e1", 5.0),
        ("1.0e-3", 1e-3),
        ("2024-01-01", "2024-01-01"),
    ],
)
def test_numbers_and_dates_are_read_as_yaml_1_2_has_them(text: str, value: object) -> None:
    arguments = load_config(tree(), [f"data.x={text}"]).data.arguments
    assert arguments["x"] == value
    assert type(arguments["x"]) is type(value)


def test_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLDER", "/data")
    monkeypatch.setenv("EPOCHS", "6")
    monkeypatch.setenv("WORDS", "[1, 2]")
    given = {
        **tree(),
        "data": {
            "name": "table",
            "path": "${FOLDER}/a.csv",
            "list": ["${EPOCHS}"],
            "text": "${WORDS}",
        },
    }
    config = load_config(
        given, ["training.epochs=${EPOCHS}", "tracking.uri=${NOWHERE:-sqlite:///x.db}"]
    )
    assert config.data.arguments == {"path": "/data/a.csv", "list": [6], "text": "[1, 2]"}
    assert (config.training.epochs, config.tracking.uri) == (6, "sqlite:///x.db")


def test_a_missing_environment_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    with pytest.raises(
        ConfigError, match=r"data\.path: the environment variable NOT_THERE is not set"
    ):
        load_config(tree(), ["data.path=${NOT_THERE}/x"])


def test_json_of_a_config_holds_json_types_only() -> None:
    def types(node: object) -> set[type]:
        if isinstance(node, dict):
            return {type(key) for key in node}.union(*map(types, node.values()))
        if isinstance(node, list):
            return set().union(*map(types, node))
        return {type(node)}

    assert types(to_dict(load_config(tree()))) <= {str, int, float, bool, type(None)}


def test_reading_a_config_loads_no_torch() -> None:
    program = (
        "import sys, mtl_search.config; print('torch' in sys.modules, 'pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(
    "overrides",
    [
        ["tasks.lft.loss=mse"],
        ["tasks.lft.loss_weight=2"],
        ["tasks.lft={loss: mse}"],
        ["tasks.lft.head.hidden=[4]"],
        {"tasks.lft.metrics": ["accuracy"]},
    ],
)
def test_a_misspelt_task_is_named_with_the_nearest(overrides: Any) -> None:
    config = load_config(tree())
    message = r"(?s)tasks.lft: there is no task.*mean 'left'\?"
    with pytest.raises(ConfigError, match=message):
        load_config(tree(), overrides)
    with pytest.raises(ConfigError, match=message):
        override(config, overrides)


@pytest.mark.parametrize(
    "overrides",
    [
        ["tasks.lft={head: softmax, target: left}"],
        ["tasks.lft.head=softmax", "tasks.lft.role=main"],
    ],
)
def test_a_task_that_names_its_head_is_a_new_one(overrides: list[str]) -> None:
    assert "lft" in load_config(tree(), overrides).tasks
