"""Whether two sweeps had the same data."""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.analysis.sweeps.same_data import sameness
from mtl_search.analysis.sweeps.sweep import Sweep

Make = Callable[..., Sweep]


def test_equal_digests_are_the_same_data_whatever_the_settings(sweep: Make) -> None:
    one = sweep("one", digest="a1")
    other = sweep("other", digest="a1", settings={"data.train": 100, "seed": 1})
    assert sameness(one, other) == "same"


def test_without_a_digest_the_same_settings_are_presumed_to_be_the_same_data(sweep: Make) -> None:
    assert sameness(sweep("one"), sweep("other")) == "presumed"
    assert sameness(sweep("third", digest="a1"), sweep("fourth")) == "presumed"


def test_another_seed_is_another_split(sweep: Make) -> None:
    assert sameness(sweep("one"), sweep("other", settings={"seed": 1})) == "other split"
    by_data = sweep("third", digest="a1", settings={"data.seed": 7})
    assert sameness(by_data, sweep("fourth", digest="b2")) == "other split"


def test_a_seed_of_the_data_counts_before_that_of_the_sweep(sweep: Make) -> None:
    one = sweep("one", settings={"data.seed": 7})
    assert sameness(one, sweep("other", settings={"data.seed": 7, "seed": 1})) == "presumed"


def test_other_settings_and_changed_files_are_other_data(sweep: Make) -> None:
    assert sameness(sweep("one"), sweep("other", settings={"data.train": 100})) == "other"
    assert sameness(sweep("third", digest="a1"), sweep("fourth", digest="b2")) == "other"


def test_no_seed_says_what_a_program_has_handed_over(sweep: Make) -> None:
    given = {"data": "given in Python"}
    one = sweep("one", digest="a1", settings=given)
    assert sameness(one, sweep("other", digest="b2", settings={**given, "seed": 1})) == "other"
    assert sameness(one, sweep("third", digest="a1", settings={**given, "seed": 1})) == "same"
    assert sameness(sweep("fourth", settings=given), sweep("fifth", settings=given)) == "presumed"
