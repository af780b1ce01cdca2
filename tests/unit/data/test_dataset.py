"""A `DataSet` refuses what cannot be trained on, and says what and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_search.data import DataSet, Sources, Target
from mtl_search.data.types import in_memory
from mtl_search.errors import DataError


def _data(**changes: Any) -> DataSet:
    parts: dict[str, Any] = {
        "inputs": {"x": np.zeros((6, 2), np.float32)},
        "targets": {"y": Target(np.array([0, 1, -1, 0, 1, 0]), "class", ("a", "b"))},
        "splits": {"train": np.arange(4), "validation": np.array([4]), "test": np.array([5])},
    }
    return DataSet(**{**parts, **changes})


def test_length_and_bytes() -> None:
    data = _data()
    assert len(data) == 6
    assert data.nbytes == 6 * 2 * 4 + 6 * 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": {}}, "at least one input"),
        ({"targets": {}}, "at least one input and one target"),
        ({"inputs": {"x": np.zeros((5, 2), np.float32)}}, "differ in length"),
        ({"inputs": {"x": np.full((6, 2), np.nan)}}, "input 'x' has NaN or infinite"),
        ({"targets": {"y": np.zeros(6)}}, "target 'y' is a ndarray"),
        (
            {"targets": {"y": Target(np.array([0, 1, 2, 0, 0, 0]), "class", ("a", "b"))}},
            "labels from 0 to 2",
        ),
        (
            {"targets": {"y": Target(np.array([0, 1, -2, 0, 0, 0]), "binary")}},
            "labels from -2 to 1",
        ),
        ({"targets": {"y": Target(np.full(6, np.inf), "real")}}, "infinite"),
        (
            {"targets": {"y": Target(np.zeros((6, 3), int), "multilabel", ("a",))}},
            "3 labels and 1 names",
        ),
        (
            {"targets": {"y": Target(np.full((6, 2), np.inf), "vector", ("a", "b"))}},
            "infinite",
        ),
        (
            {"targets": {"y": Target(np.zeros((6, 3)), "vector", ("a",))}},
            "3 labels and 1 names",
        ),
        ({"targets": {"y": Target(np.zeros((6, 0), int), "tags")}}, "empty"),
        (
            {"splits": {"train": np.arange(2), "validation": np.array([2]), "test": np.array([6])}},
            "test split names samples outside 0..5",
        ),
        ({"masks": {"z": np.ones((6, 2), bool)}}, "mask for 'z'"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        _data(**changes)


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (np.zeros(3), "class", "holds integers"),
        (np.zeros((3, 2), int), "class", "1 dimension"),
        (np.zeros(3, int), "tags", "2 dimension"),
        (np.zeros(3, int), "multilabel", "2 dimension"),
        (np.array(["a"]), "real", "holds numbers"),
        (np.zeros(3, int), "clas", "no kind of target 'clas'"),
    ],
)
def test_target_refuses_wrong_values(values: Any, kind: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Target(values, kind)


def test_values_come_in_the_types_of_the_legend() -> None:
    data = _data(
        inputs={
            "x": np.zeros((6, 2)),
            "t": np.zeros((6, 2), np.int32),
            "b": np.zeros((6, 2), np.uint8),
        },
        targets={
            "r": Target(np.arange(6), "real"),
            "c": Target(np.zeros(6, np.int8), "class", ("a",)),
        },
        splits={
            "train": np.arange(4, dtype=np.int32),
            "validation": np.array([4]),
            "test": np.array([5]),
        },
    )
    assert {name: x.dtype for name, x in data.inputs.items()} == {
        "x": np.float32,
        "t": np.int64,
        "b": np.float32,
    }
    assert data.targets["r"].values.dtype == np.float32
    assert data.targets["c"].values.dtype == np.int64
    assert data.splits["train"].dtype == np.int64


def test_arrays_of_the_right_type_are_not_copied() -> None:
    x, y = np.zeros((6, 2), np.float32), np.zeros(6, np.int64)
    data = _data(inputs={"x": x}, targets={"y": Target(y, "binary")})
    assert data.inputs["x"] is x
    assert data.targets["y"].values is y


def test_labelled_and_size() -> None:
    real = Target(np.array([1.0, np.nan]), "real")
    assert real.labelled.tolist() == [True, False]
    assert real.size == 1
    vector = Target(np.array([[1, np.nan], [2, 3]]), "vector", ("a", "b"))
    assert vector.size == 2
    assert vector.labelled.tolist() == [[True, False], [True, True]]
    tags = Target(np.array([[0, -1], [1, 1]]), "tags", ("a", "b", "c"))
    assert tags.labelled.tolist() == [[True, False], [True, True]]
    assert tags.size == 3
    assert Target(np.array([0, 1]), "binary", ("no", "yes")).size == 1


def test_what_is_in_memory(tmp_path: Any) -> None:
    np.save(tmp_path / "x.npy", np.zeros((6, 2), np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert in_memory(np.zeros(3))
    assert not in_memory(mapped)
    assert _data(inputs={"x": mapped}).inputs["x"] is mapped


@pytest.mark.parametrize("seed", range(5))
def test_a_part_keeps_rare_sources_and_labels(seed: int) -> None:
    n = 3000
    rows = np.arange(n)
    rare, often = np.where(rows % 1000 == 7, 1, 0), np.where(rows % 1000 == 9, 2.0, np.nan)
    splits = {"train": rows[:1000], "validation": rows[1000:2000], "test": rows[2000:]}
    tags = np.stack([rare, 1 - rare], 1)
    data = DataSet(
        {"x": rows[:, None].astype(np.float32)},
        {"rare": Target(rare, "binary", ("no", "yes")), "size": Target(often, "real"),
         "tags": Target(tags, "multilabel", ("p", "q"))},
        splits, sources=Sources(("large", "small"), (rows % 1000 >= 995).astype(int)),
    )  # fmt: skip
    part = data.sampled(64, seed)
    for name, kept in part.splits.items():
        assert len(kept) == 64
        assert set(kept) <= set(splits[name])
        assert set(rare[kept]) == {0, 1}
        assert np.isfinite(often[kept]).any()
        assert set(part.sources.numbers[kept]) == {0, 1}  # type: ignore[union-attr]
    assert len(data.sampled(2, seed).splits["train"]) == 4  # the least that has all of it


def test_a_part_that_lacks_nothing_is_chosen_by_chance_alone() -> None:
    data = _data(targets={"y": Target(np.zeros(6), "real")})
    rng = np.random.default_rng(3)
    chosen = {name: np.sort(rng.permutation(rows)[:1]) for name, rows in data.splits.items()}
    assert all((rows == chosen[name]).all() for name, rows in data.sampled(1, 3).splits.items())
