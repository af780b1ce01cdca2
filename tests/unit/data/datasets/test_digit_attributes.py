"""Digits with attributes: few training scans keep their digit, all keep their attributes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.digit_attributes import digit_attributes
from mtl_search.errors import ConfigError


@pytest.fixture(scope="module")
def data() -> DataSet:
    return digit_attributes(labelled=30, fractions=(0.4, 0.2, 0.4))


def test_scans_and_digits_are_those_of_the_package(data: DataSet) -> None:
    bunch = load_digits()
    x = data.inputs["image"]
    assert (x.shape, x.dtype) == ((1797, 1, 8, 8), np.dtype(np.float32))
    assert (x[:].min(), x[:].max()) == (0.0, 1.0)
    assert (x[:][:, 0] * 16 == bunch.images).all()
    digits = data.targets["digit"].values
    assert (digits[digits >= 0] == bunch.target[digits >= 0]).all()


def test_attributes_of_the_ten_digits(data: DataSet) -> None:
    target = data.targets["attributes"]
    digits = load_digits().target
    has = {
        name: sorted(set(digits[target.values[:, i] == 1].tolist()))
        for i, name in enumerate(target.classes)
    }
    assert has == {
        "loop": [0, 6, 8, 9],
        "straight": [1, 4, 7],
        "odd": [1, 3, 5, 7, 9],
        "high": [5, 6, 7, 8, 9],
    }
    assert (target.values >= 0).all(), "every scan has its attributes"


def test_only_training_scans_lose_their_digit_and_each_digit_keeps_as_many(data: DataSet) -> None:
    digits = data.targets["digit"].values
    kept = digits[data.splits["train"]]
    assert np.bincount(kept[kept >= 0], minlength=10).tolist() == [3] * 10
    for split in ("validation", "test"):
        assert (digits[data.splits[split]] >= 0).all()


def test_an_uneven_number_differs_by_one_a_digit() -> None:
    data = digit_attributes(labelled=34)
    kept = data.targets["digit"].values[data.splits["train"]]
    assert sorted(np.bincount(kept[kept >= 0], minlength=10)) == [3] * 6 + [4] * 4


def test_without_a_number_nothing_is_hidden_and_with_more_labels_fewer() -> None:
    full = digit_attributes().targets["digit"].values
    assert (full == load_digits().target).all()
    few, more = (digit_attributes(labelled=n).targets["digit"].values for n in (30, 200))
    assert ((few < 0) | (few == more)).all(), "more labels are these, and others"


def test_every_training_scan_may_be_asked_for() -> None:
    train = len(digit_attributes().splits["train"])
    assert (digit_attributes(labelled=train).targets["digit"].values >= 0).all()


def test_splits_have_each_digit_in_proportion(data: DataSet) -> None:
    digits = load_digits().target
    assert [len(data.splits[name]) for name in SPLITS] == [719, 359, 719]
    for split in SPLITS:
        counts = np.bincount(digits[data.splits[split]])
        assert counts.min() > 0.9 * counts.mean()


def test_the_seed_draws_the_split_and_the_labels() -> None:
    first, again, other = (digit_attributes(labelled=30, seed=seed) for seed in (1, 1, 2))
    assert (first.targets["digit"].values == again.targets["digit"].values).all()
    assert (first.splits["test"] == again.splits["test"]).all()
    assert (first.splits["test"] != other.splits["test"]).any()


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ({"labelled": 9}, "data.labelled", "at least 10"),
        ({"labelled": 1079}, "data.labelled", "there are 1078 scans to train on"),
        ({"labelled": True}, "data.labelled", "whole number"),
        ({"labelled": {"digit": 60}}, "data.labelled", "whole number"),
        ({"fractions": [0.6, 0.2, 0.1]}, "data.fractions", "sum to 0.9"),
        ({"seed": -1}, "data.seed", "at least 0"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, object], path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        digit_attributes(**arguments)  # type: ignore[arg-type]
    assert caught.value.path == path
    assert repr(next(iter(arguments.values()))) in str(caught.value)
