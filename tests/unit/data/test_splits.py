"""Random splits: exact sizes, no sample twice, in proportion by label, whole by group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.data.splits import consecutive_splits, random_split, split_sizes
from mtl_search.data.types import SPLITS
from mtl_search.errors import DataError

FRACTIONS = {"train": 0.6, "validation": 0.2, "test": 0.2}


@st.composite
def fractions(draw: st.DrawFn) -> dict[str, float]:
    parts = [draw(st.integers(5, 90)) for _ in SPLITS]
    return {name: part / sum(parts) for name, part in zip(SPLITS, parts, strict=True)}


@given(
    n=st.integers(60, 500),
    parts=fractions(),
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(0, 7),
)
def test_sizes_are_exact_and_every_sample_is_dealt_once(
    n: int, parts: dict[str, float], seed: int, classes: int
) -> None:
    labels = np.random.default_rng(1).integers(0, classes, n) if classes else None
    splits = random_split(n, parts, seed, stratify=labels)
    assert tuple(len(splits[name]) for name in SPLITS) == split_sizes(n, parts)
    assert np.sort(np.concatenate(list(splits.values()))).tolist() == list(range(n))
    assert all((np.diff(rows) > 0).all() for rows in splits.values())


@given(n=st.integers(60, 10_000), parts=fractions())
def test_sizes_are_within_one_of_their_part(n: int, parts: dict[str, float]) -> None:
    sizes = split_sizes(n, parts)
    assert sum(sizes) == n
    for name, size in zip(SPLITS, sizes, strict=True):
        assert abs(size - parts[name] * n) < 1


@pytest.mark.parametrize(
    ("n", "parts", "sizes"),
    [
        (10, (0.7, 0.2, 0.1), (7, 2, 1)),
        (344, (0.6, 0.2, 0.2), (206, 69, 69)),
        (3, (0.34, 0.33, 0.33), (1, 1, 1)),
        (100, (0.8, 0.1, 0.1), (80, 10, 10)),
    ],
)
def test_sizes_by_hand(n: int, parts: tuple[float, ...], sizes: tuple[int, ...]) -> None:
    assert split_sizes(n, dict(zip(SPLITS, parts, strict=True))) == sizes


@given(
    counts=st.lists(st.integers(1, 120), min_size=1, max_size=6).filter(
        lambda counts: sum(counts) > 60
    ),
    parts=fractions(),
    seed=st.integers(0, 1000),
)
def test_every_label_is_spread_in_proportion(
    counts: list[int], parts: dict[str, float], seed: int
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    splits = random_split(len(labels), parts, seed, stratify=labels)
    for label, count in enumerate(counts):
        for name in SPLITS:
            assert abs((labels[splits[name]] == label).sum() - parts[name] * count) <= 2


def test_missing_labels_are_spread_as_well() -> None:
    labels = np.repeat([-1, 0, 1], [50, 100, 50])
    splits = random_split(200, FRACTIONS, 0, stratify=labels)
    assert [(labels[splits[name]] == -1).sum() for name in SPLITS] == pytest.approx(
        [30, 10, 10], abs=2
    )


@pytest.mark.parametrize("stratified", [False, True])
def test_a_pure_function_of_the_seed(stratified: bool) -> None:
    labels = np.arange(100) % 3 if stratified else None
    first, again, other = (
        random_split(100, FRACTIONS, seed, stratify=labels) for seed in (5, 5, 6)
    )
    assert all((first[name] == again[name]).all() for name in SPLITS)
    assert any((first[name] != other[name]).any() for name in SPLITS)


def test_stratified_samples_are_drawn_at_random_within_a_label() -> None:
    seen = {
        tuple(random_split(40, FRACTIONS, seed, stratify=np.arange(40) % 2)["test"])
        for seed in range(20)
    }
    assert len(seen) == 20
    assert len(set().union(*seen)) == 40, "every sample can come into the test split"


@given(
    group=st.lists(st.integers(0, 30), min_size=10, max_size=200).filter(
        lambda g: len(set(g)) >= 3
    ),
    seed=st.integers(0, 100),
)
def test_no_group_is_in_two_splits(group: list[int], seed: int) -> None:
    groups = np.array(group)
    splits = random_split(len(groups), FRACTIONS, seed, groups=groups)
    members = [set(groups[splits[name]]) for name in SPLITS]
    assert all(members), "no split is empty"
    assert sum(map(len, members)) == len(set(group))
    assert np.sort(np.concatenate(list(splits.values()))).tolist() == list(range(len(groups)))


def test_groups_come_near_the_sizes_asked_for() -> None:
    groups = np.repeat(np.arange(100), 10)
    splits = random_split(1000, FRACTIONS, 0, groups=groups)
    assert [len(splits[name]) for name in SPLITS] == [600, 200, 200]


def test_three_groups_are_enough() -> None:
    splits = random_split(
        30, {"train": 0.8, "validation": 0.1, "test": 0.1}, 0, groups=np.repeat(list("abc"), 10)
    )
    assert [len(splits[name]) for name in SPLITS] == [10, 10, 10]


def test_impossible_splits_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"the test split of 5 samples would be empty \(0.05 of them\)"
    ):
        random_split(5, {"train": 0.7, "validation": 0.25, "test": 0.05}, 0)
    with pytest.raises(DataError, match="2 group"):
        random_split(20, FRACTIONS, 0, groups=np.arange(20) % 2)
    with pytest.raises(DataError, match="not both"):
        random_split(20, FRACTIONS, 0, groups=np.arange(20), stratify=np.arange(20))


def test_consecutive_splits() -> None:
    splits = consecutive_splits([2, 1, 3])
    assert {name: rows.tolist() for name, rows in splits.items()} == {
        "train": [0, 1],
        "validation": [2],
        "test": [3, 4, 5],
    }
