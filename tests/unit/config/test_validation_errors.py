"""A wrong config ends in one `ConfigError`: path, value, what is allowed, the nearest name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import load_config
from mtl_search.errors import ConfigError
from tests.support.config_trees import tree


def message(overrides: Mapping[Any, Any] | list[str], source: Any = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(tree() if source is None else source, overrides)
    return str(caught.value)


UNKNOWN = [
    ("traning.epochs", "traning", "training"),
    ("tasks.left.hed", "tasks.left.hed", "head"),
    ("model.backbne", "model.backbne", "backbone"),
    ("training.epoch", "training.epoch", "epochs"),
    ("training.early_stopping.patient", "training.early_stopping.patient", "patience"),
    ("search.finalists.sedes", "search.finalists.sedes", "seeds"),
    ("search.trails", "search.trails", "trials"),
    ("tracking.url", "tracking.url", "uri"),
    ("resources.worker", "resources.worker", "workers"),
]


@pytest.mark.parametrize(("path", "shown", "near"), UNKNOWN)
def test_an_unknown_key_is_named_with_its_path_and_the_nearest(
    path: str, shown: str, near: str
) -> None:
    text = message({path: 3})
    assert text.startswith(f"{shown}: unknown key\n  allowed:  ")
    assert f"did you mean {near!r}?" in text


WRONG: list[tuple[str, Any, str]] = [
    # path, value, words that the message must have beside the path
    ("name", "../up", "letters, digits and . _ -"),
    ("name", 3, "a text is needed"),
    ("seed", -1, "at least 0"),
    ("data", 5, "a name is needed, or {name: ..."),
    ("tasks", [], "a mapping is needed"),
    ("tasks", {}, "at least 1"),
    ("tasks.left", "softmax", "a mapping is needed"),
    ("tasks.left.head", None, "a name is needed"),
    ("tasks.left.head", ["softmax"], "a name is needed"),
    ("training.weighting", ["uw", "famo"], "search.space.training.weighting: {choice: [...]}"),
    ("tasks.left.view", 3, "a list is needed"),
    ("tasks.left.view", [1], "a text is needed"),
    ("tasks.left.loss_weight", -1, "at least 0"),
    ("tasks.left.loss_weight", "heavy", "a number"),
    ("tasks.left.loss_weight", float("nan"), "a finite number is needed"),
    ("tasks.left.role", "mian", "allowed:  main, auxiliary\n  did you mean 'main'?"),
    ("training", 3, "a mapping is needed\n  value:    3\n  allowed:  epochs, batch_size"),
    ("training.epochs", 0, "at least 1"),
    ("training.epochs", 2.5, "whole number"),
    ("training.epochs", True, "a number is needed"),
    ("training.epochs", None, "whole number"),
    ("training.clip_norm", 0, "above 0"),
    ("training.clip_norm", False, "a number is needed"),
    ("training.pack", True, "a number is needed"),
    ("training.pack", 0, "at least 1 is needed\n  value:    0\n  allowed:  auto"),
    ("training.max_samples_per_split", True, "a number is needed"),
    ("training.precision", "fp16", "allowed:  fp32, bf16"),
    ("training.train_metrics", "maybe", "true or false is needed"),
    ("training.early_stopping", {}, "this key is required"),
    ("search.arms", ["single", "serch"], "did you mean 'search'?"),
    ("search.arms", [], "at least 1"),
    ("search.space", ["training.optimizer.lr"], "a mapping is needed"),
    ("search.finalists.seeds", 1, "at least 2"),
    ("resources.max_concurrent", "all", "allowed:  auto"),
    ("resources.max_concurrent", 0, "allowed:  auto"),
    ("resources.max_concurrent", True, "a number is needed"),
    ("data.x", {1, 2}, "a config cannot hold a set"),
    ("data.x", float("inf"), "a finite number is needed"),
    ("data.x", {1: 2}, "a key is text"),
]


@pytest.mark.parametrize(
    ("path", "value", "words"), WRONG, ids=[f"{path}-{value}" for path, value, _ in WRONG]
)
def test_a_wrong_value_is_shown_with_its_path(path: str, value: Any, words: str) -> None:
    text = message({path: value})
    assert text.startswith(path)
    assert words in text


@pytest.mark.parametrize(
    "path", ["name", "tasks", "model", "model.backbone", "data.name", "tasks.left.head"]
)
def test_a_missing_key_is_named(path: str) -> None:
    given = tree()
    *parents, last = path.split(".")
    node = given
    for key in parents:
        node = node[key]
    del node[last]
    assert message({}, given).startswith(f"{path}: this key is required")


def test_several_problems_come_in_one_message() -> None:
    text = message({"training.epochs": 0, "seed": -1, "tasks.left.role": "x", "nme": 1})
    assert text.startswith("4 problems in the config\n")
    assert all(
        path in text for path in ("training.epochs: ", "seed: ", "tasks.left.role: ", "nme: ")
    )


def test_no_more_than_five_problems_are_listed() -> None:
    text = message({f"key{number}": 1 for number in range(8)})
    assert text.count("unknown key") == 5
    assert text.endswith("... and 3 more")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("search.trials", "an override is written path=value"),
        ("=3", "an override is written path=value"),
        (" =3", "an override is written path=value"),
        ("search.trials=[1", "search.trials: the value is not YAML"),
        ("training.epochs.more=1", "training.epochs: this is a value and has no keys"),
        ("tasks.left.metrics.0=f1", "tasks.left.metrics: this is a value and has no keys"),
    ],
)
def test_a_wrong_override(override: str, words: str) -> None:
    assert message([override]).startswith(words)


def test_an_override_of_python_needs_a_path() -> None:
    assert "needs a dotted path" in message({3: 4})
    assert "needs a dotted path" in message({"": 4})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nname: b\n", "'name' is given twice"),
        ("tasks: {a: {head: x, head: y}}", "'head' is given twice"),
        ("name:\n\t- a\n", "cannot start any token"),
        ("name: [a", "expected ',' or ']'"),
        ("- a\n- b\n", "a config is a mapping of sections"),
        ("", "a config is a mapping of sections"),
        ("just words", "a config is a mapping of sections"),
        ("? [a]\n: 1\n", "unhashable key"),
        ("a: &a [*a]\n", "an alias stands inside of what it names"),
        ("a: " + "[" * 2000, "not valid YAML"),
        ("a: !!int x", "not valid YAML"),
        ("a: !!bool x", "not valid YAML"),
        ("a: !!int ''", "not valid YAML"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("a: !!binary gIGC", "a config cannot hold a bytes"),
        ("1: 2", "a key is text"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_wrong_yaml(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert words in message({}, path)


def test_a_file_that_is_not_there_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yaml").touch()
    text = message({}, tmp_path / "quikstart.yaml")
    assert f"did you mean '{tmp_path}/quickstart.yaml'?" in text


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "a config is a YAML file, and this is a folder" in message({}, tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9")
    assert "the config file is not UTF-8" in message({}, tmp_path / "latin.yaml")


def test_a_long_value_is_cut() -> None:
    text = message({"training.epochs": list(range(10_000))})
    assert len(text) < 600
