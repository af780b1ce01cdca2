"""Who takes over whose network, and which values come next."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from mtl_search.config import SpaceEntry
from mtl_search.search.pbt.algorithm import (
    Member,
    exploit_steps,
    mean_params,
    perturb,
)
from mtl_search.search.schedulers.population import PBTConfig
from mtl_search.search.space.domain import Domain

RULES = PBTConfig(interval=2, quantile=0.25, resample=0.25, factors=(0.8, 1.25))
KINDS: dict[str, dict[str, Any]] = {
    "tasks.a.loss_weight": {"log_ratio": 10, "reference": "b"},
    "training.optimizer.lr": {"log": [1e-4, 1e-1]},
    "training.optimizer.momentum": {"float": [0, 0.9]},
    "training.optimizer.steps": {"int": [1, 4]},
}
ENTRIES = {path: SpaceEntry.model_validate(entry) for path, entry in KINDS.items()}
START = {
    "tasks.a.loss_weight": 2.0,
    "training.optimizer.lr": 0.01,
    "training.optimizer.momentum": 0.5,
    "training.optimizer.steps": 2,
}


def population(*worths: float) -> list[Member]:
    """Members that differ in their learning rates."""
    rates = [1e-3 * (number + 1) for number in range(len(worths))]
    return [
        Member(n, worth, {**START, "training.optimizer.lr": rates[n]})
        for n, worth in enumerate(worths)
    ]


@pytest.mark.parametrize(
    ("size", "quantile", "count"),
    [
        (0, 0.25, 0),
        (1, 0.5, 0),
        (2, 0.1, 1),
        (2, 0.5, 1),
        (3, 0.5, 1),
        (4, 0.25, 1),
        (8, 0.25, 2),
        (20, 0.2, 4),
        (5, 0.5, 2),
        (10, 0.0, 1),
        (100, 0.29, 29),
    ],
)
def test_the_worst_part_takes_over_from_the_best_part(
    size: int, quantile: float, count: int
) -> None:
    members = population(*(float(number) for number in range(size)))
    found = exploit_steps(members, ENTRIES, PBTConfig(2, quantile, 0.25, (0.8, 1.25)), [0])
    assert sorted(move.member for move in found) == list(range(count))
    assert {move.donor for move in found} <= set(range(size - count, size))


@given(
    st.lists(st.floats(-1, 1) | st.just(-math.inf), max_size=30), st.integers(0, 99), st.randoms()
)
def test_moves_depend_on_the_numbers_alone_and_stay_in_bounds(
    worths: list[float], seed: int, random: Any
) -> None:
    members = population(*worths)
    found = exploit_steps(members, ENTRIES, RULES, [seed, 1])
    shuffled = list(members)
    random.shuffle(shuffled)
    assert exploit_steps(shuffled, ENTRIES, RULES, [seed, 1]) == found
    assert {move.member for move in found}.isdisjoint(move.donor for move in found)
    assert len(found) <= len(worths) / 2
    for move in found:
        assert worths[move.donor] >= worths[move.member]
        assert move.params.keys() == KINDS.keys()
        for path, value in move.params.items():
            domain = Domain.of(ENTRIES[path])
            assert domain.low <= value <= domain.high
            assert isinstance(value, int) == domain.whole


def test_another_generation_or_member_draws_other_values() -> None:
    members = population(*(0.1 * number for number in range(12)))
    found = [exploit_steps(members, ENTRIES, RULES, seeds) for seeds in ([0, 2], [0, 4], [1, 2])]
    assert len({tuple(move.params.values()) for generation in found for move in generation}) > 6
    assert found[0] != found[1] != found[2]


def test_values_are_those_of_the_donor_times_a_factor() -> None:
    rules = PBTConfig(2, 0.5, 0.0, (0.8, 1.25))
    for seed in range(20):
        (move,) = exploit_steps(population(0.1, 0.9), ENTRIES, rules, [seed])
        assert move.donor == 1
        ratio, lr = move.params["tasks.a.loss_weight"], move.params["training.optimizer.lr"]
        assert ratio in (1.6, 2.5)
        assert lr in (2e-3 * 0.8, 2e-3 * 1.25)
        assert move.params["training.optimizer.steps"] in (1, 3)


def test_values_stop_at_their_bounds() -> None:
    ends = {
        "tasks.a.loss_weight": 10.0,
        "training.optimizer.lr": 1e-1,
        "training.optimizer.momentum": 0.9,
        "training.optimizer.steps": 4,
    }
    up = perturb(ends, ENTRIES, PBTConfig(2, 0.25, 0.0, (1.25,)), default_rng(0))
    assert {path: up[path] for path in ends if path != "training.optimizer.steps"} == {
        path: value for path, value in ends.items() if path != "training.optimizer.steps"
    }
    steps = {
        perturb(ends, ENTRIES, RULES, default_rng(seed))["training.optimizer.steps"]
        for seed in range(60)
    }
    assert steps == {1, 2, 3, 4}  # 3 and 4 from 4, all of them where they are drawn anew


def test_values_that_are_drawn_anew_fill_their_range() -> None:
    rules = PBTConfig(2, 0.25, 1.0, (0.8,))
    drawn = [perturb(START, ENTRIES, rules, default_rng(seed)) for seed in range(400)]
    rates = sorted(math.log10(values["training.optimizer.lr"]) for values in drawn)
    assert rates[0] < -3.9
    assert rates[-1] > -1.1
    assert rates[200] == pytest.approx(-2.5, abs=0.3)
    ratios = [math.log10(values["tasks.a.loss_weight"]) for values in drawn]
    assert min(ratios) < -0.9
    assert max(ratios) > 0.9
    assert {values["training.optimizer.steps"] for values in drawn} == {1, 2, 3, 4}


def test_means_are_of_everyone_for_weights_and_of_the_best_for_the_rest() -> None:
    def at(weight: float, lr: float, momentum: float, steps: int) -> dict[str, Any]:
        return dict(zip(KINDS, (weight, lr, momentum, steps), strict=True))

    best = [at(4.0, 1e-2, 0.0, 1), at(1.0, 1e-4, 0.4, 4)]
    other = [at(0.5, 0.1, 0.9, 4), at(0.5, 0.1, 0.9, 4)]
    mean = mean_params([best, other], best, ["training.optimizer.steps"])
    assert mean["tasks.a.loss_weight"] == pytest.approx(1.0)
    assert mean["training.optimizer.lr"] == pytest.approx(1e-3)
    assert mean["training.optimizer.momentum"] == pytest.approx(0.2)  # 0 has no logarithm
    assert mean["training.optimizer.steps"] == 2
    assert isinstance(mean["training.optimizer.steps"], int)


@given(st.lists(st.sampled_from([1e-4, 1e-1, 0.1, 0.3]), min_size=1, max_size=9))
def test_a_mean_is_never_outside_of_what_it_is_of(rates: list[float]) -> None:
    values = [{"training.optimizer.lr": rate} for rate in rates]
    assert min(rates) <= mean_params([values], values, [])["training.optimizer.lr"] <= max(rates)
