"""Patterns for names."""

from __future__ import annotations

import pytest

from mtl_search.config.families.patterns import best_pattern, check_found, matches, members
from mtl_search.errors import ConfigError


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("assay_*", "assay_", True),
        ("assay_*", "assay", False),
        ("*_ic50", "kinase_ic50", True),
        ("a*c*e", "abcde", True),
        ("a.*", "abc", False),  # a point is a point
        ("a[b]*", "a[b]c", True),  # and brackets are brackets
        ("*", "anything\nat all", True),
    ],
)
def test_only_the_star_stands_for_other_text(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) == fits


def test_the_more_specific_pattern_has_a_name_and_of_equals_the_first() -> None:
    assert best_pattern("ab_12", ["*", "ab_*", "ab_1*", "a*"]) == "ab_1*"
    assert best_pattern("ab", ["a*", "*b"]) == "a*"
    assert best_pattern("ab", ["*b", "a*"]) == "*b"
    assert best_pattern("ab", ["c*"]) is None


def test_each_name_belongs_to_one_pattern_and_names_keep_their_order() -> None:
    found = members(["x*", "xy*"], ["xy2", "x1", "xy1", "z"])
    assert found == {"x*": ["x1"], "xy*": ["xy2", "xy1"]}


def test_a_pattern_that_matches_nothing_is_refused_with_a_few_of_the_nearest_names() -> None:
    names = [f"assay_{number}" for number in range(600)] + ["weight"]
    with pytest.raises(ConfigError, match="matches none of the 601 columns") as caught:
        check_found([], "assays-*", "data.targets.assays-*", "columns", names)
    assert "assay_" in str(caught.value)
    assert len(str(caught.value)) < 300
