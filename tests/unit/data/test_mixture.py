"""Policies: their parts against closed forms, and what holds of every one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.data import SAMPLING, Sampling
from mtl_search.data.mixture import build_sampling
from mtl_search.errors import ConfigError

# Every policy with the parts that sources of 1000 and 100 samples get; a new one without a case
# fails here.
EXPECTED: dict[str, tuple[dict[str, Any], Sequence[float]]] = {
    "proportional": ({}, (10 / 11, 1 / 11)),
    "uniform": ({}, (1 / 2, 1 / 2)),
    "temperature": ({"temperature": 2}, (10**0.5 / (10**0.5 + 1), 1 / (10**0.5 + 1))),
    "round_robin": ({}, (1 / 2, 1 / 2)),
}
SIZES = st.lists(st.integers(1, 10**7), min_size=1, max_size=8).map(np.array)
USER = f"{__name__}:"


class Fixed(Sampling):
    """A policy of the user's."""

    def __init__(self, *parts: float, scale: float = 1.0) -> None:
        self.parts = np.array(parts or (0.7, 0.3)) * scale

    def shares(self, sizes: Any) -> Any:
        return self.parts


def nothing() -> None:
    """No policy."""


def failing() -> Sampling:
    raise KeyError("no such policy")


def test_every_policy_has_a_case() -> None:
    assert EXPECTED.keys() == SAMPLING.keys()


@pytest.mark.parametrize("name", SAMPLING)
def test_closed_form(name: str) -> None:
    arguments, expected = EXPECTED[name]
    np.testing.assert_allclose(
        build_sampling({"name": name, **arguments}).shares(np.array([1000, 100])), expected
    )


@pytest.mark.parametrize("name", SAMPLING)
@given(sizes=SIZES, data=st.data())
def test_parts_are_parts_whatever_the_order_of_the_sources(
    name: str, sizes: Any, data: st.DataObject
) -> None:
    sampling = build_sampling({"name": name, **EXPECTED[name][0]})
    shares = sampling.shares(sizes)
    assert shares.shape == sizes.shape
    assert (shares > 0).all()
    assert shares.sum() == pytest.approx(1)
    order = np.array(data.draw(st.permutations(range(len(sizes)))))
    np.testing.assert_allclose(sampling.shares(sizes[order]), shares[order])


def test_temperature_lies_between_proportional_and_uniform() -> None:
    sizes = np.array([5000, 40, 300])
    parts = [
        build_sampling({"name": "temperature", "temperature": t}).shares(sizes)
        for t in (1, 1.5, 5, 1e9)
    ]
    np.testing.assert_allclose(parts[0], build_sampling("proportional").shares(sizes))
    np.testing.assert_allclose(parts[-1], build_sampling("uniform").shares(sizes))
    largest = [part[0] for part in parts]
    assert largest == sorted(largest, reverse=True)


def test_a_policy_of_the_users() -> None:
    made = build_sampling({"name": USER + "Fixed", "scale": 2.0})
    assert made.shares(np.array([3, 4])).tolist() == [1.4, 0.6]


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ("temprature", "data.sampling.name", "did you mean 'temperature'"),
        ("temperature", "data.sampling", "needs 'temperature'"),
        ({"name": "temperature", "tau": 2}, "data.sampling.tau", "no such argument"),
        ({"name": "temperature", "temperature": 0.5}, "data.sampling.temperature", "at least 1"),
        (
            {"name": "temperature", "temperature": "hot"},
            "data.sampling.temperature",
            "a number of at least 1",
        ),
        (
            {"name": "temperature", "temperature": float("inf")},
            "data.sampling.temperature",
            "a number of at least 1",
        ),
        ({"temperature": 2}, "data.sampling", "a name is needed"),
        ([0.5, 0.5], "data.sampling", "a name is needed"),
        (None, "data.sampling", "a name is needed"),
        ({"name": "uniform", 3: 4}, "data.sampling", "a mapping from names"),
        (USER + "failing", "data.sampling", "KeyError"),
        (USER + "nothing", "data.sampling.name", r"a NoneType; a mtl_search\.data\.Sampling"),
        (USER + "EXPECTED", "data.sampling.name", "a class or a function"),
    ],
)
def test_mistakes(value: Any, path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        build_sampling(value)
    assert caught.value.path == path
