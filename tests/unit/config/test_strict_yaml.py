"""Which values YAML's words become; sizes are tested with the bombs in `tests/unit/security`."""

from __future__ import annotations

import pytest
import yaml

from mtl_search.config.strict_yaml import DEEPEST, MOST_NODES, load_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("-.5E+2", -50.0),
        ("1.e3", 1000.0),
        ("e3", "e3"),
        ("2024-01-01", "2024-01-01"),
        ("1" * 301, "1" * 301),
        ("{<<: {a: 1}, b: 2}", {"a": 1, "b": 2}),
    ],
)
def test_values(text: str, value: object) -> None:
    assert load_yaml(text) == value


def test_sizes_at_the_limit() -> None:
    assert len(load_yaml(f"[{'1,' * (MOST_NODES - 1)}]")) == MOST_NODES - 1
    with pytest.raises(yaml.YAMLError, match="more than"):
        load_yaml(f"[{'1,' * MOST_NODES}]")
    assert load_yaml("[" * DEEPEST + "]" * DEEPEST)
    with pytest.raises(yaml.YAMLError, match="deep"):
        load_yaml(" ".join("[" * (DEEPEST + 1)))


def test_a_key_twice() -> None:
    with pytest.raises(yaml.YAMLError, match="key 'a' is given twice"):
        load_yaml("a: 1\na: 2\n")
