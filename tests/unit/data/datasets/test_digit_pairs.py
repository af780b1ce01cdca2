"""Pairs of digits: no scan in two splits, half of the pairs equal, all a function of the seed."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.digit_pairs import digit_pairs
from mtl_search.errors import ConfigError


@pytest.fixture(scope="module")
def data() -> DataSet:
    return digit_pairs()


def _pixels(data: DataSet, split: str) -> list[set[bytes]]:
    """The scans that a split shows, left and right, by their pixels."""
    return [
        {scan.tobytes() for scan in data.inputs[view][data.splits[split]]}
        for view in ("left", "right")
    ]


def test_shapes_and_ranges(data: DataSet) -> None:
    assert len(data) == 6000
    assert {name: len(data.splits[name]) for name in SPLITS} == {
        "train": 4000,
        "validation": 1000,
        "test": 1000,
    }
    for view in ("left", "right"):
        x = data.inputs[view]
        assert (x.shape, x.dtype) == ((6000, 1, 8, 8), np.dtype(np.float32))
        assert (x[:].min(), x[:].max()) == (0.0, 1.0)


def test_no_scan_is_in_two_splits(data: DataSet) -> None:
    scans = {name: set.union(*_pixels(data, name)) for name in SPLITS}
    assert not scans["train"] & scans["validation"]
    assert not scans["train"] & scans["test"]
    assert not scans["validation"] & scans["test"]


def test_the_scans_of_the_package_all_differ() -> None:
    assert len({scan.tobytes() for scan in load_digits().images}) == 1797, (
        "or identity by pixels proves nothing"
    )


def test_labels_are_those_of_the_scans(data: DataSet) -> None:
    bunch = load_digits()
    digit = {
        (scan / 16).astype(np.float32).tobytes(): label
        for scan, label in zip(bunch.images, bunch.target, strict=True)
    }
    for view in ("left", "right"):
        found = [digit[scan.tobytes()] for scan in data.inputs[view][:]]
        assert found == data.targets[view].values.tolist()


@pytest.mark.parametrize("split", SPLITS)
def test_exactly_half_of_the_pairs_are_equal(data: DataSet, split: str) -> None:
    rows = data.splits[split]
    same = data.targets["same"].values[rows]
    assert same.sum() * 2 == len(rows)
    assert ((data.targets["left"].values == data.targets["right"].values)[rows] == same).all()


def test_no_pair_is_the_same_scan_twice_and_none_is_drawn_twice(data: DataSet) -> None:
    pairs = [
        frozenset((left.tobytes(), right.tobytes()))
        for left, right in zip(data.inputs["left"][:], data.inputs["right"][:], strict=True)
    ]
    assert all(len(pair) == 2 for pair in pairs)
    assert len(set(pairs)) == len(pairs)


def test_equal_pairs_do_not_come_in_a_block(data: DataSet) -> None:
    same = data.targets["same"].values[data.splits["train"]]
    assert 0.4 < same[:1000].mean() < 0.6


def test_left_and_right_are_drawn_alike(data: DataSet) -> None:
    digits = load_digits().images
    number = {(scan / 16).astype(np.float32).tobytes(): k for k, scan in enumerate(digits)}
    left, right = (
        [number[scan.tobytes()] for scan in data.inputs[view][:]] for view in ("left", "right")
    )
    assert 0.45 < np.mean(np.array(left) < np.array(right)) < 0.55


def test_scans_are_split_in_proportion_by_digit() -> None:
    data = digit_pairs(train=2000, validation=400, test=400, fractions=(0.5, 0.25, 0.25))
    for split in SPLITS:
        counts = np.bincount(data.targets["left"].values[data.splits[split]], minlength=10)
        assert counts.min() > 0.5 * counts.mean()


def test_same_seed_same_data_other_seed_other_data() -> None:
    first, again, other = (
        digit_pairs(train=40, validation=20, test=20, seed=seed) for seed in (1, 1, 2)
    )
    assert (first.inputs["left"][:] == again.inputs["left"][:]).all()
    assert (first.targets["right"].values == again.targets["right"].values).all()
    assert (first.inputs["left"][:] != other.inputs["left"][:]).any()


def test_more_test_pairs_leave_the_other_splits_as_they_are() -> None:
    few, more = (digit_pairs(train=40, validation=20, test=test) for test in (20, 60))
    assert (few.inputs["left"][:60] == more.inputs["left"][:60]).all()


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ({"train": "abc"}, "data.train", "a whole number of at least 2 is needed"),
        ({"train": True}, "data.train", "whole number"),
        ({"train": 10.0}, "data.train", "whole number"),
        ({"validation": 0}, "data.validation", "at least 2"),
        ({"test": 11}, "data.test", "an even number"),
        ({"test": 1_000_000}, "data.test", "form no more than"),
        ({"fractions": [0.6, 0.2, 0.1]}, "data.fractions", "sum to 0.9"),
        ({"fractions": "most"}, "data.fractions", "three numbers"),
        ({"seed": "x"}, "data.seed", "whole number"),
        ({"seed": -1}, "data.seed", "at least 0"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, object], path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        digit_pairs(**arguments)  # type: ignore[arg-type]
    assert caught.value.path == path
    assert repr(next(iter(arguments.values()))) in str(caught.value)
