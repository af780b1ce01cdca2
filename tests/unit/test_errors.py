"""The messages of errors."""

from __future__ import annotations

from mtl_search.errors import ConfigError, DataError, MtlSearchError, nearest


def test_an_error_is_a_value_error_and_our_own() -> None:
    error = ConfigError("no", path="a.b", value="onn", allowed=["one", "two"])
    assert isinstance(error, ValueError)
    assert isinstance(error, MtlSearchError)
    assert str(error) == "a.b: no\n  value:    'onn'\n  allowed:  one, two\n  did you mean 'one'?"
    assert str(ConfigError("no")) == "no"


def test_the_nearest_name_ignores_case_and_is_none_when_far() -> None:
    assert nearest("ADAMw", ["adam", "adamw", "SGD"]) == "adamw"
    assert nearest("sgd", ["SGD"]) == "SGD"
    assert nearest("zzz", ["adam"]) is None


def test_an_error_can_be_moved_to_another_path() -> None:
    moved = ConfigError("no", path="name", value=3, allowed=["a"]).at("model.name")
    assert str(moved) == "model.name: no\n  value:    3\n  allowed:  a"


def test_a_long_value_is_shortened() -> None:
    assert len(str(ConfigError("no", value="x" * 1000))) < 400


def test_long_lists_and_values_are_shortened() -> None:
    names = [f"column_{number}" for number in range(3000)]
    text = str(ConfigError("no such column", path="data", value="x" * 20_000_000, allowed=names))
    assert len(text) < 1500
    assert text.split("allowed:")[1].strip().startswith("column_0, column_1, ")
    assert "more" in text
    assert len(str(DataError("a" * 20_000_000))) < 8000
