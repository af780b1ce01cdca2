"""Inputs, masks and splits that cannot be trained on are refused, with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data.dataset_checks import check_masks, checked_input, checked_splits
from mtl_search.errors import DataError


def _splits(train: Any, validation: Any, test: Any) -> dict[str, Any]:
    return {"train": np.array(train), "validation": np.array(validation), "test": np.array(test)}


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[1.0]] * 6, "input 'x' is a list; a numpy array"),
        (np.float32(1.0), "single number"),
        (np.array(list("abcdef")), "input 'x' has values of type <U1"),
        (np.full((6, 2), np.nan), "input 'x' has NaN or infinite"),
        (np.full((6, 2), np.inf), "input 'x' has NaN or infinite"),
    ],
)
def test_inputs_that_are_no_numbers_are_refused(x: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        checked_input("x", x)


def test_a_memory_map_of_another_type_would_have_to_be_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((6, 2)))
    with pytest.raises(DataError, match="streamed as float64"):
        checked_input("x", np.load(tmp_path / "x.npy", mmap_mode="r"))


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"z": np.ones((6, 2), bool)}, "mask for 'z'"),
        ({"x": np.ones((6, 3), bool)}, "mask of 'x'"),
        ({"x": np.ones((6, 2))}, "mask of 'x' is float64"),
    ],
)
def test_masks_that_do_not_fit_their_input_are_refused(masks: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_masks(masks, {"x": np.zeros((6, 2), np.float32)})


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": np.arange(6)}, "no validation, test split"),
        ({**_splits([0], [1], [2]), "dev": np.array([3])}, "unknown splits: dev"),
        (_splits([0, 1], [], [2]), "validation split is empty"),
        (_splits([0, 1], [2], [6]), "test split names samples outside 0..5"),
        (_splits([-1, 1], [2], [3]), "train split names samples outside"),
        (_splits([0, 1], [1], [2]), "in two splits"),
        (_splits([0, 0], [1], [2]), "twice in one"),
        (_splits([0.0, 1.0], [2], [3]), "train split holds sample numbers"),
    ],
)
def test_splits_that_overlap_or_lack_something_are_refused(splits: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        checked_splits(splits, 6)
