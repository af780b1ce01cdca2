"""The JSON schema of the config accepts what `load_config` accepts, and finds what is misspelt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeGuard

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from mtl_search.cli.schema import config_schema
from mtl_search.config import load_config, paths
from mtl_search.config import schema as schema_module
from mtl_search.config.json_schema import json_schema
from mtl_search.errors import ConfigError
from tests.support import small_sweeps as small
from tests.support.repository import CONFIGS


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    tree = config_schema()
    Draft202012Validator.check_schema(tree)
    return Draft202012Validator(tree)


def problems(schema: Draft202012Validator, tree: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(tree)]


def changed(path: str, value: Any) -> dict[str, Any]:
    tree = small.tree()
    paths.put(tree, path, value)
    return tree


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: str(path.stem))
def test_every_shipped_config_fits(path: Path, schema: Draft202012Validator) -> None:
    assert problems(schema, yaml.safe_load(path.read_text())) == []


ACCEPTED: list[tuple[str, Any]] = [
    ("tasks.kind.head", {"name": "softmax", "hidden": [3]}),
    ("tasks.kind.head", "my_module:MyHead"),
    ("tasks.kind.loss", {"name": "my_module:loss", "beta": 2}),
    ("tasks.kind.loss", None),
    ("tasks.kind.view", ["x", "y"]),
    ("tasks.kind.side_inputs", "y"),
    ("tasks.kind.side_inputs", ["y"]),
    ("tasks.kind.side_inputs", {"y": {"values": 3}}),
    ("tasks.kind.spans", "y"),
    ("tasks.kind.metrics", "accuracy"),
    ("tasks.kind.loss_weight", "${WEIGHT:-2}"),
    ("model.augment", ["RandomHorizontalFlip", {"name": "RandomAffine", "degrees": 10}]),
    ("training.epochs", "${EPOCHS:-3}"),
    ("training.precision", "${PRECISION:-bf16}"),
    ("training.optimizer", {"lr": 0.1}),
    ("training.aggregator", None),
    ("training.early_stopping", {"patience": 3}),
    ("search.arms", "search"),
    ("search.initial_points", "uw"),
    ("search.initial_points", {"kind": 2}),
    ("search.initial_points", ["uw", "runs/earlier", {"kind": 0.5}]),
    (
        "search.space",
        {
            "training.optimizer.lr": {
                "log": [1e-4, 1e-1],
                "when": {"training.optimizer.name": "sgd"},
            }
        },
    ),
    ("search.space", {"training.weighting": {"choice": ["uw", "static"]}}),
    ("resources.max_concurrent", 3),
]


@pytest.mark.parametrize(("path", "value"), ACCEPTED)
def test_what_a_config_may_say_fits(path: str, value: Any, schema: Draft202012Validator) -> None:
    tree = changed(path, value)
    load_config(tree)
    assert problems(schema, tree) == []


REFUSED: list[tuple[str, Any]] = [
    ("nmae", "small"),
    ("name", "a name with blanks"),
    ("search.trails", 3),
    ("tasks.kind.haed", "softmax"),
    ("training.optimiser", "adam"),
    ("training.epochs", 0),
    ("training.epochs", "three"),
    ("training.precision", "fp16"),
    ("training.early_stopping", {"patience": 3, "delta": 1}),
    ("search.arms", ["seach"]),
    ("search.initial_points", [{"kind": "two"}]),
    ("search.space", {"training.optimizer.lr": {"lg": [1, 2]}}),
    ("search.space", {"training.optimizer.lr": {"log": [1, 2], "int": [1, 2]}}),
    ("search.space", {"training.optimizer.lr": {"log": [1, 2, 3]}}),
    ("search.space", {"tasks.*.loss_weight": {"log_ratio": 10}}),
    ("search.space", {"data.train": {"int": [1, 2]}}),
]


@pytest.mark.parametrize(("path", "value"), REFUSED)
def test_what_load_config_or_the_sweep_refuses_does_not_fit(
    path: str, value: Any, schema: Draft202012Validator
) -> None:
    tree = changed(path, value)
    assert problems(schema, tree)
    if "data.train" not in str(value):  # sections of the space are checked when the sweep is built
        with pytest.raises(ConfigError):
            load_config(tree)


@pytest.mark.parametrize(
    "path", ["data", "tasks.kind.head", "model.backbone.name", "search.scheduler"]
)
def test_misspelt_names_of_components_do_not_fit(path: str, schema: Draft202012Validator) -> None:
    tree = changed(path, "sofmax")
    assert problems(schema, tree)
    assert (
        problems(Draft202012Validator(json_schema()), tree) == []
    )  # without names, any name is allowed


def test_every_key_says_what_it_means() -> None:
    models = [value for value in vars(schema_module).values() if is_model(value)]
    assert len(models) > 8
    fields = {
        f"{model.__name__}.{name}": field
        for model in models
        for name, field in model.model_fields.items()
    }
    assert [name for name, field in fields.items() if not field.description] == []


def test_descriptions_hold_no_examples_of_python() -> None:
    assert ">>>" not in json.dumps(config_schema())


def is_model(value: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(value, type) and issubclass(value, BaseModel)
