"""Targets as a config describes them, and every mistake at the path of its key."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.data.datasets.target_spec import TargetSpec, target_specs
from mtl_search.data.types import TargetKind
from mtl_search.errors import ConfigError

KINDS: tuple[TargetKind, ...] = ("class", "binary", "multilabel", "real")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("class", TargetSpec("class", ("y",))),
        ({"kind": "real"}, TargetSpec("real", ("y",))),
        ({"kind": "real", "column": "Y"}, TargetSpec("real", ("Y",))),
        ({"kind": "multilabel", "columns": ["a", "b"]}, TargetSpec("multilabel", ("a", "b"))),
        ({"kind": "binary", "positive": "yes"}, TargetSpec("binary", ("y",), "yes")),
        ({"kind": "binary", "column": "Y", "positive": 1.5}, TargetSpec("binary", ("Y",), "1.5")),
    ],
)
def test_targets_of_columns(value: Any, expected: TargetSpec) -> None:
    assert target_specs({"y": value}, KINDS, "column") == {"y": expected}


def test_a_multilabel_target_of_arrays_has_one_key() -> None:
    specs = target_specs({"y": {"kind": "multilabel", "key": "flags"}}, KINDS, "key")
    assert specs == {"y": TargetSpec("multilabel", ("flags",))}


@pytest.mark.parametrize(
    ("value", "source", "path", "message"),
    [
        (3, "column", "", "a mapping"),
        ({"column": "Y"}, "column", ".kind", "the kind of the target is needed"),
        ("tags", "column", ".kind", "no kind of target of this name"),
        ({"kind": 3}, "column", ".kind", "a text is needed"),
        ({"kind": "class", "key": "Y"}, "column", ".key", "unknown key"),
        ({"kind": "class", "column": "Y"}, "key", ".column", "unknown key"),
        ("multilabel", "column", "", "needs `columns`"),
        ({"kind": "multilabel", "columns": []}, "column", ".columns", "a list of names"),
        ({"kind": "class", "columns": ["a"]}, "column", ".columns", "only a multilabel target"),
        ({"kind": "class", "positive": 1}, "column", ".positive", "only a binary target"),
        ({"kind": "binary", "positive": True}, "column", ".positive", "in quotes"),
        ({"kind": "binary", "positive": []}, "column", ".positive", "a text is needed"),
        ({"kind": "real", "column": ""}, "column", ".column", "a text is needed"),
    ],
)
def test_mistakes_are_named(value: Any, source: str, path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        target_specs({"y": value}, KINDS, source)
    assert caught.value.path == f"data.targets.y{path}"


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "real", "missing": [-1]},
        {"kind": "class", "missing": -1},
        {"kind": "class", "missing": [True]},
    ],
)
def test_missing_labels_are_a_list_of_labels_of_classes(target: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        target_specs({"y": target}, ("class", "real"), "column")
    assert caught.value.path == "data.targets.y.missing"
