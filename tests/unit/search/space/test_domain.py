"""The values that an entry may have: the nearest one, and one at random."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from mtl_search.config import SpaceEntry
from mtl_search.search.space.domain import Domain

ENTRIES: dict[str, dict[str, Any]] = {
    "float": {"float": [-1, 0.5]},
    "log": {"log": [1e-3, 1e3]},
    "int": {"int": [2, 5]},
    "log_ratio": {"log_ratio": 10, "reference": "a"},
}
DOMAINS = {kind: Domain.of(SpaceEntry.model_validate(entry)) for kind, entry in ENTRIES.items()}


@pytest.mark.parametrize("kind", ENTRIES)
@given(st.floats(-1e6, 1e6), st.integers(0, 1000))
def test_the_nearest_value_and_a_drawn_one_lie_within(kind: str, value: float, seed: int) -> None:
    domain = DOMAINS[kind]
    for inside in (domain.nearest(value), domain.draw(default_rng(seed))):
        assert domain.low <= inside <= domain.high
        assert isinstance(inside, int) == domain.whole
    assert domain.nearest(domain.draw(default_rng(seed))) == domain.draw(default_rng(seed))


def test_the_domain_of_an_entry() -> None:
    assert DOMAINS["log_ratio"] == Domain(0.1, 10, log=True)
    assert DOMAINS["int"] == Domain(2, 5, whole=True)
    entry = SpaceEntry.model_validate({"choice": ["a", 1, 3]})
    assert Domain.of(entry).nearest(2.4) == 3
    assert Domain(choices=["a", "b"]).nearest(2.4) == "a"


def test_steps_are_kept() -> None:
    domain = Domain(0.2, 5.2, step=0.5)
    assert domain.nearest(2.0) == pytest.approx(2.2)
    assert domain.nearest(99) == pytest.approx(5.2)
    assert Domain(1, 9, step=2, whole=True).nearest(4.9) == 5
