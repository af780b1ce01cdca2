"""Variables in a tree: replaced, remembered, left alone."""

from __future__ import annotations

import pytest

from mtl_search.config.environment import Expansion, dotted, put_at, value_at, values_in
from mtl_search.errors import ConfigError


def test_variables_are_replaced_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "x")
    monkeypatch.setenv("N", "3")
    monkeypatch.delenv("GONE", raising=False)
    expansion = Expansion()
    given = {"a": ["${A}/b", "${N}"], "b": "${GONE:-y}", "c": 1}
    assert expansion.expand(given) == {"a": ["x/b", 3], "b": "y", "c": 1}
    assert expansion.written == {("a", 0): "${A}/b", ("a", 1): "${N}"}  # a default is no secret


def test_a_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONE", raising=False)
    with pytest.raises(ConfigError, match=r"a\.0: the environment variable GONE is not set"):
        Expansion().expand({"a": ["${GONE}"]})
    assert Expansion(lenient=True).expand({"a": ["${GONE}"]}) == {"a": ["${GONE}"]}


def test_values_are_found_in_a_text() -> None:
    assert values_in("${A}-${B}", "1-2") == {"A": "1", "B": "2"}
    assert values_in("${A}", "x\ny") == {"A": "x\ny"}
    assert values_in("a${A}", "b") == {}


def test_places() -> None:
    tree = {"a": [{"b": 1}]}
    assert value_at(tree, ("a", 0, "b")) == 1
    assert value_at(tree, ("a", 1, "b")) is None
    put_at(tree, ("a", 0, "b"), 2)
    assert tree == {"a": [{"b": 2}]}
    assert dotted(("a", 0, "b")) == "a.0.b"
