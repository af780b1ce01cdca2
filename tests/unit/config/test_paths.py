"""Dotted paths into plain trees."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.config.paths import flatten, get, put, split
from mtl_search.errors import ConfigError


def test_paths_keep_the_tail_of_the_space_whole() -> None:
    plain: dict[str, Any] = {}
    put(plain, "search.space.a.b", 1)
    put(plain, "training.optimizer.lr", 2)
    assert plain == {"search": {"space": {"a.b": 1}}, "training": {"optimizer": {"lr": 2}}}
    assert get(plain, "search.space.a.b") == 1
    assert get(plain, "training.optimizer.lr.deeper", "none") == "none"
    assert flatten(plain) == {"search.space.a.b": 1, "training.optimizer.lr": 2}


def test_putting_a_value_makes_missing_sections() -> None:
    plain: dict[str, Any] = {"a": None}
    put(plain, "a.b.c", 1)
    assert plain == {"a": {"b": {"c": 1}}}


def test_a_name_is_opened_up_for_its_arguments() -> None:
    plain: dict[str, Any] = {"model": {"backbone": "mlp"}}
    put(plain, "model.backbone.width", 8)
    assert plain == {"model": {"backbone": {"name": "mlp", "width": 8}}}


def test_a_path_through_a_value_is_an_error() -> None:
    with pytest.raises(ConfigError, match="has no keys") as caught:
        put({"seed": 3}, "seed.more", 1)
    assert (caught.value.path, caught.value.value) == ("seed", 3)
    with pytest.raises(ConfigError, match="an override needs a dotted path"):
        put({}, "", 1)


def test_an_empty_mapping_is_a_leaf() -> None:
    assert flatten({"a": {}, "b": {"c": [1, {"d": 2}]}}) == {"a": {}, "b.c": [1, {"d": 2}]}
    assert split("a.b") == ["a", "b"]
