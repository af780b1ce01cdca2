"""One entry of `search.space`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mtl_search.config import load_config
from mtl_search.errors import ConfigError
from tests.support.config_trees import tree


def message(overrides: Mapping[Any, Any] | list[str], source: Any = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(tree() if source is None else source, overrides)
    return str(caught.value)


ENTRIES: list[tuple[dict[str, Any], str]] = [
    ({}, "exactly one of float, log, int, choice, log_ratio; given: none"),
    ({"float": [0, 1], "log": [1, 2]}, "given: float, log"),
    ({"float": [1, 0]}, "low <= high"),
    ({"int": [4, 0]}, "low <= high"),
    ({"log": [0, 1]}, "above 0"),
    ({"log": [-1, 1]}, "above 0"),
    ({"float": [-1e308, 1e308]}, "distance"),
    ({"int": [0, 1, 2]}, "at most 2 items"),
    ({"int": [0, 1.5]}, "whole number"),
    ({"int": [True, 4]}, "two numbers"),
    ({"choice": []}, "at least 1"),
    ({"choice": "ab"}, "a list is needed"),
    ({"log_ratio": 100}, "log_ratio and reference belong together"),
    ({"log_ratio": 1, "reference": "left"}, "above 1"),
    ({"int": [0, 1], "reference": "left"}, "log_ratio and reference belong together"),
    ({"int": [0, 1], "when": ["a"]}, "a mapping is needed"),
]


@pytest.mark.parametrize(("entry", "words"), ENTRIES, ids=[str(entry) for entry, _ in ENTRIES])
def test_a_wrong_entry_of_the_space(entry: dict[str, Any], words: str) -> None:
    text = message({"search.space.model.sharing.depth": entry})
    assert text.startswith("search.space.model.sharing.depth")
    assert words in text


def test_an_unknown_kind_of_space_entry_is_named() -> None:
    text = message({"search.space.training.optimizer.lr": {"lgo": [1e-4, 1e-2]}})
    assert text.startswith("search.space.training.optimizer.lr.lgo: unknown key")
    assert "did you mean 'log'?" in text
