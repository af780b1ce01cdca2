"""Pairs: half of them equal, none twice, every one as likely as any other of its sort."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.data.preprocessing.pairs import draw_pairs, most_pairs


@pytest.mark.parametrize("n", [60, 2000])
def test_every_pair_is_as_likely_as_any_other(n: int) -> None:
    labels = np.where(np.arange(n) < n // 4, 0, 1)
    pairs = draw_pairs(np.arange(n) * 10, labels, 400, np.random.default_rng(0))
    assert (pairs % 10 == 0).all()
    classes = labels[pairs // 10]
    equal = classes[:, 0] == classes[:, 1]
    assert equal.sum() == 200
    # Of the equal pairs (1/4)² / ((1/4)² + (3/4)²) = 1/10 are of class 0.
    assert 0.04 < (classes[equal, 0] == 0).mean() < 0.17
    assert 0.4 < (pairs[:, 0] < pairs[:, 1]).mean() < 0.6


def test_most_pairs_is_what_can_be_drawn() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    assert most_pairs(labels) == 2 * min(3 + 1, 6)
    pairs = draw_pairs(np.arange(5), labels, 8, np.random.default_rng(0))
    assert len({frozenset(pair) for pair in pairs.tolist()}) == 8


@pytest.mark.parametrize("listed", [0, 40])
def test_no_pair_is_drawn_twice_listed_or_proposed(listed: int) -> None:
    labels = np.arange(40) % 4
    count = most_pairs(labels) // 2 * 2 - 20
    pairs = draw_pairs(np.arange(40), labels, count, np.random.default_rng(1), listed=listed)
    assert pairs.shape == (count, 2)
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert len({frozenset(pair) for pair in pairs.tolist()}) == count
    assert (labels[pairs[:, 0]] == labels[pairs[:, 1]]).sum() == count // 2


def test_pairs_are_a_function_of_the_generator() -> None:
    labels = np.arange(40) % 4
    first, again, other = (
        draw_pairs(np.arange(40), labels, 20, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
