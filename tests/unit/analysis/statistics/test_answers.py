"""From intervals to an answer: every combination, and what would decide the open ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from mtl_search.analysis.statistics.answers import (
    Answer,
    Needed,
    Position,
    could_decide,
    decide,
    needed,
    position,
)
from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.splits import split_difference
from mtl_search.analysis.statistics.two_way import crossed_difference
from tests.support.compared_runs import World

MARGIN = 0.005
POSITIONS: dict[Position, Difference] = {
    "above": Difference(0.020, 0.005, 8.0, seeds=(5, 5), items=0),
    "equal": Difference(0.001, 0.002, 8.0, seeds=(5, 5), items=0),
    "open": Difference(0.008, 0.006, 8.0, seeds=(5, 5), items=0),
    "below": Difference(-0.02, 0.005, 8.0, seeds=(5, 5), items=0),
}
ONE_SEED = Difference(0.5, None, None, seeds=(1, 1), items=200)
NO_SPREAD = Difference(0.5, 0.0, 8.0, seeds=(5, 5), items=200)

# The primary comparison, the twin → the answer.
TABLE: dict[tuple[Position, Position], Answer] = {
    ("above", "above"): "helps",
    ("above", "equal"): "practically equal",
    ("above", "open"): "don't know",
    ("above", "below"): "don't know",
    ("equal", "above"): "practically equal",
    ("equal", "equal"): "practically equal",
    ("equal", "open"): "practically equal",
    ("equal", "below"): "practically equal",
    ("open", "above"): "don't know",
    ("open", "equal"): "practically equal",
    ("open", "open"): "don't know",
    ("open", "below"): "don't know",
    ("below", "above"): "don't know",
    ("below", "equal"): "don't know",
    ("below", "open"): "don't know",
    ("below", "below"): "hurts",
}


def random_difference(number: int) -> Difference:
    """A difference of three or five runs, near enough to 0 to be open as a rule."""
    random = np.random.default_rng(number)
    ours, theirs = World(seed=0.1).draw(random, (3 + 2 * (number % 2),) * 2, 50)
    return crossed_difference(ours, theirs)


@pytest.mark.parametrize("where", POSITIONS)
def test_the_position_of_one(where: Position) -> None:
    assert position(POSITIONS[where], MARGIN) == where


@pytest.mark.parametrize("pair", list(product(POSITIONS, repeat=2)), ids="-".join)
def test_every_pair_of_positions(pair: tuple[Position, Position]) -> None:
    assert decide([POSITIONS[where] for where in pair], MARGIN) == TABLE[pair]


def test_the_table_of_the_docstring_is_this_one() -> None:
    rows = [line.split("|")[1:-1] for line in str(decide.__doc__).splitlines() if "|" in line]
    (_, *columns), _, *rows = [[cell.strip() for cell in row] for row in rows]
    table = {
        (row[0], column): answer
        for row in rows
        for column, answer in zip(columns, row[1:], strict=True)
    }
    assert table == TABLE


@pytest.mark.parametrize(
    ("where", "answer"),
    [
        ("above", "helps"),
        ("equal", "practically equal"),
        ("open", "don't know"),
        ("below", "hurts"),
    ],
)
def test_one_comparison_answers_for_itself(where: Position, answer: Answer) -> None:
    assert decide([POSITIONS[where]], MARGIN) == answer


@pytest.mark.parametrize(
    ("first", "twins", "answer"),
    [
        ("above", ("above", "above"), "helps"),
        ("above", ("above", "open"), "don't know"),
        ("above", ("equal", "open"), "practically equal"),
        ("above", ("equal", "below"), "don't know"),
        ("below", ("below", "below"), "hurts"),
        ("below", ("below", "equal"), "don't know"),
        ("equal", ("below", "open"), "practically equal"),
    ],
)
def test_several_twins_have_to_agree(
    first: Position, twins: tuple[Position, Position], answer: Answer
) -> None:
    for others in (twins, twins[::-1]):
        assert decide([POSITIONS[where] for where in (first, *others)], MARGIN) == answer


@pytest.mark.parametrize("unknown", [ONE_SEED, NO_SPREAD], ids=["one seed", "no spread"])
def test_without_a_spread_nothing_is_known(unknown: Difference) -> None:
    assert position(unknown, MARGIN) == "open"
    assert position(replace(unknown, mean=0.0), MARGIN) == "open"
    assert decide([unknown], MARGIN) == "don't know"
    for where in POSITIONS.values():
        assert decide([where, unknown], MARGIN) == "don't know"
        assert decide([unknown, where], MARGIN) == "don't know"


def test_a_small_difference_is_equal_even_where_it_is_significant() -> None:
    small = Difference(0.002, 0.0005, 8.0, seeds=(5, 5), items=0)
    assert position(small, MARGIN) == "equal"
    assert position(small, margin=0.001) == "above"
    assert position(small, margin=0.0) == "above"


@pytest.mark.parametrize("level", [0.9, 0.95, 0.9706])
def test_levels_are_those_of_both_intervals(level: float) -> None:
    for where in POSITIONS.values():
        wide, narrow = where.interval(level), where.interval(2 * level - 1)
        assert wide is not None
        assert narrow is not None
        # A hair to either side of each end.
        for step in (-1e-9, 1e-9):
            moved = replace(where, mean=where.mean - wide[0] + step)
            assert (position(moved, 0.0, level) == "above") == (step > 0)
            margin = (narrow[1] - narrow[0]) / 2
            centred = replace(where, mean=0.0)
            assert (position(centred, margin + step, level) == "equal") == (step > 0)


@pytest.mark.parametrize("pair", list(product(POSITIONS, repeat=2)), ids="-".join)
def test_what_helps_one_side_hurts_the_other(pair: tuple[Position, Position]) -> None:
    differences = [POSITIONS[where] for where in pair]
    swapped = [difference.scaled(-1.0) for difference in differences]
    assert (decide(swapped, MARGIN) == "hurts") == (decide(differences, MARGIN) == "helps")


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("margin", [0.0, 0.02, 0.1])
def test_needed_is_the_least_number_that_decides(number: int, margin: float) -> None:
    difference = random_difference(number)
    found = needed(difference, margin, 0.95)

    def first(numbers: range, size: str) -> int | None:
        return next(
            (n for n in numbers if position(difference.resized(**{size: n}), margin) != "open"),
            None,
        )

    assert found.seeds == first(range(2, 1001), "seeds")
    if found.items is None or found.items > 2000:
        assert first(range(2, 2001), "items") is None
    else:
        assert found.items == first(range(2, found.items + 1), "items")


def test_needed_may_be_less_than_there_is() -> None:
    clear = Difference(
        0.5, 0.01, 8.0, seeds=(5, 5), items=100, seed_variance=5e-5, item_variance=5e-5
    )
    assert needed(clear, MARGIN) == Needed(seeds=2, items=3)


def test_a_number_of_items_is_found_where_more_of_them_would_not_decide() -> None:
    # With ever more items the two seeds are left, whose interval has few degrees of freedom.
    few_seeds = Difference(
        3.29, 2**0.5, 7.98, seeds=(2, 2), items=1000, seed_variance=1.0, item_variance=1.0
    )
    items = needed(few_seeds, 0.0).items
    assert items is not None
    found = [position(few_seeds.resized(items=n), 0.0) for n in (items - 1, items, 10_000_000)]
    assert found == ["open", "above", "open"]


def test_what_no_number_decides_is_none() -> None:
    # What seeds do stays, however many items there are, and the other way round.
    items = Difference(0.01, 0.02, 99.0, seeds=(5, 5), items=100, item_variance=4e-4)
    assert needed(items, 0.0) == Needed(seeds=None, items=1540)
    seeds = Difference(0.01, 0.02, 8.0, seeds=(5, 5), items=100, seed_variance=4e-4)
    assert needed(seeds, 0.0).items is None
    assert needed(seeds, 0.0).seeds is not None
    assert needed(replace(seeds, items=0), 0.0) == replace(needed(seeds, 0.0), items=None)
    assert needed(replace(items, mean=1e-7), 0.0) == Needed(None, None)
    for unknown in (ONE_SEED, NO_SPREAD):
        assert needed(unknown, MARGIN) == Needed(None, None)
    # New partitions of the same data end where these data end.
    splits = split_difference([0.0, 0.1, 0.2, 0.1, -0.05], train_size=800, test_size=200)
    assert needed(splits, MARGIN) == Needed(None, None)


@pytest.mark.parametrize("number", range(20))
@pytest.mark.parametrize("margin", [0.0, 0.05])
def test_more_seeds_could_decide_where_a_mean_within_one_error_would(
    number: int, margin: float
) -> None:
    difference = random_difference(number)
    assert difference.standard_error is not None
    for seeds in (5, 10, 40):
        means = difference.mean + difference.standard_error * np.linspace(-1, 1, 401)
        resized = difference.resized(seeds=seeds)
        expected = any(
            position(replace(resized, mean=float(mean)), margin) != "open" for mean in means
        )
        assert could_decide(difference, margin, 0.95, seeds) == expected


def test_both_answers_of_could_decide_occur() -> None:
    found = {could_decide(random_difference(n), 0.0, 0.95, 10) for n in range(20)}
    assert found == {True, False}


def test_one_seed_could_be_decided_by_more_and_runs_that_are_all_alike_cannot() -> None:
    assert could_decide(ONE_SEED, MARGIN, 0.95, 5)
    assert not could_decide(ONE_SEED, MARGIN, 0.95, 1)
    assert not could_decide(NO_SPREAD, MARGIN, 0.95, 10)


def test_a_twin_keeps_the_luck_of_the_search_from_being_told_as_a_gain() -> None:
    # Ours and its twin are of one kind, since the factor has no effect; the tuned networks are
    # worse, for their search was less lucky.
    world, random = World(seed=0.05), np.random.default_rng(0)
    alone = with_twin = 0
    for _ in range(500):
        kind, tuned = world.draw(random, (10, 5), 200)
        first = crossed_difference(kind[:5], tuned - 0.1)
        twin = crossed_difference(kind[:5], kind[5:])
        alone += decide([first], MARGIN) == "helps"
        with_twin += decide([first, twin], MARGIN) == "helps"
    assert alone / 500 > 0.5
    assert with_twin / 500 < 0.04
