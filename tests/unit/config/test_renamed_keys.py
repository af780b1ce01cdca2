"""Keys of version 0.1: refused in a user's config, read in what a sweep has written."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtl_search.config import load_config, paths, to_dict
from mtl_search.config.renamed_keys import (
    RENAMED,
    new_path,
    refuse_old_names,
    with_first_names,
    with_new_names,
)
from mtl_search.errors import ConfigError

GOOD: dict[str, Any] = {
    "name": "small",
    "data": "digit_pairs",
    "tasks": {"left": {"head": "softmax"}, "right": {"head": "softmax"}},
    "model": {"backbone": "mlp"},
}
# Old path → a value that today's key accepts.
VALUES: dict[str, Any] = {
    "tasks.*.beside": {"extra": {"width": 4}},
    "training.samples": 50,
    "training.resident": "never",
    "training.lr_factors": {"backbone": 0.5, "heads": 1.0, "tasks": {}},
    "search.start": ["uw"],
    "search.finalists.without_auxiliary": False,
    "resources.patience": 60.0,
}
PAIRS = [
    (old.replace("*", "left"), new.replace("*", "left"), VALUES[old])
    for old, new in RENAMED.items()
]


def with_value(path: str, value: Any) -> dict[str, Any]:
    tree = copy.deepcopy(GOOD)
    paths.put(tree, path, value)
    return tree


def message(path: str) -> str:
    return f"this key is now called {path!r}"


def test_every_renamed_key_has_a_value_to_try() -> None:
    assert VALUES.keys() == RENAMED.keys()


@pytest.mark.parametrize(("old", "new", "value"), PAIRS)
def test_an_old_key_is_refused_with_its_new_name(old: str, new: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(with_value(old, value))
    assert (caught.value.path, caught.value.problem) == (old, message(new))


@pytest.mark.parametrize(("old", "new", "value"), PAIRS)
def test_an_old_key_is_refused_as_an_override(old: str, new: str, value: Any) -> None:
    for overrides in ({old: value}, [f"{old}={yaml.safe_dump(value, default_flow_style=True)}"]):
        with pytest.raises(ConfigError) as caught:
            load_config(GOOD, overrides)
        assert (caught.value.path, caught.value.problem) == (old, message(new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("training.lr_factors.heads", "training.lr_multipliers.heads"),
        ("training.lr_factors.tasks.left", "training.lr_multipliers.tasks.left"),
        ("tasks.*.beside.extra.width", "tasks.*.side_inputs.extra.width"),
    ],
)
def test_an_old_path_is_refused_in_the_search_space(old: str, new: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(with_value("search.space", {old: {"log": [0.1, 1.0]}}))
    assert (caught.value.path, caught.value.problem) == (f"search.space.{old}", message(new))
    entry = {"log": [1e-3, 1e-1], "when": {old: 1.0}}
    with pytest.raises(ConfigError) as caught:
        load_config(with_value("search.space", {"training.optimizer.lr": entry}))
    assert caught.value.path == f"search.space.training.optimizer.lr.when.{old}"
    assert caught.value.problem == message(new)


@pytest.mark.parametrize(("old", "new", "value"), PAIRS)
def test_what_a_sweep_has_written_is_read_with_the_new_names(
    old: str, new: str, value: Any, tmp_path: Path
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(with_value(old, value)))
    with pytest.raises(ConfigError, match="this key is now called"):
        load_config(path)
    (tmp_path / "journal.jsonl").touch()
    config = load_config(path)
    assert to_dict(config) == to_dict(load_config(with_value(new, value)))


def test_the_space_of_a_sweep_is_read_with_the_new_names() -> None:
    old = {
        "training.lr_factors.heads": {"log": [0.5, 2]},
        "training.optimizer.lr": {"log": [0.1, 1], "when": {"training.lr_factors.backbone": 0.5}},
    }
    assert with_new_names(with_value("search.space", old))["search"]["space"] == {
        "training.lr_multipliers.heads": {"log": [0.5, 2]},
        "training.optimizer.lr": {
            "log": [0.1, 1],
            "when": {"training.lr_multipliers.backbone": 0.5},
        },
    }


@pytest.mark.parametrize(
    "path", ["training", "training.samples_seen", "tasks.beside.head", "data.samples", "beside"]
)
def test_other_names_stay(path: str) -> None:
    assert new_path(path) == path


@pytest.mark.parametrize("space", [None, 3, ["a"], {"training.optimizer.lr": 3}])
def test_a_space_of_another_shape_is_left_to_the_schema(space: Any) -> None:
    tree = with_value("search.space", space)
    refuse_old_names(tree)
    assert with_new_names(tree) == tree


@pytest.mark.parametrize(("old", "new", "value"), PAIRS)
def test_a_tree_has_the_first_names_again(old: str, new: str, value: Any) -> None:
    assert with_first_names(with_value(new, value)) == with_value(old, value)


def test_an_override_that_takes_an_old_key_out_of_the_space_is_refused() -> None:
    path = "search.space.training.lr_factors.heads"
    with pytest.raises(
        ConfigError, match=r"now called 'training\.lr_multipliers\.heads'"
    ) as caught:
        load_config(GOOD, {path: None})
    assert caught.value.path == path
