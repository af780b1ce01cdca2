"""Pairs of labelled images."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import load_config
from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.build import build_data
from mtl_search.data.datasets.image_pairs import image_pairs
from mtl_search.errors import ConfigError, DataError
from tests.support.repository import CONFIGS

CONFIG = CONFIGS / "siamese_pairs.yaml"
N = 300


@pytest.fixture
def arrays() -> dict[str, Any]:
    """Images whose first two pixels are their number, which tells their label."""
    images = np.random.default_rng(0).integers(0, 256, (N, 4, 5), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(N), 256)
    return {"images": images, "labels": np.arange(N) % 7}


@pytest.fixture
def make(tmp_path: Path, arrays: dict[str, Any]) -> Callable[..., DataSet]:
    def make(**given: Any) -> DataSet:
        np.savez(tmp_path / "few.npz", **arrays)
        return image_pairs(
            str(tmp_path / "few.npz"), **{"train": 80, "validation": 40, "test": 40, **given}
        )

    return make


def numbers(data: DataSet, view: str) -> Any:
    first = data.inputs[view][:][:, 0, 0, :2] * 255
    return np.rint(first[:, 0] * 256 + first[:, 1]).astype(int)


def test_shapes_and_ranges(make: Callable[..., DataSet]) -> None:
    data = make()
    assert {name: len(data.splits[name]) for name in SPLITS} == {
        "train": 80,
        "validation": 40,
        "test": 40,
    }
    for view in ("left", "right"):
        assert (data.inputs[view].shape, data.inputs[view].dtype) == (
            (160, 1, 4, 5),
            np.dtype(np.float32),
        )
        assert data.inputs[view][:].max() <= 1
        assert (data.targets[view].values == numbers(data, view) % 7).all()
    assert data.targets["same"].classes == ("different", "same")


def test_no_image_is_in_two_splits(make: Callable[..., DataSet]) -> None:
    data = make()
    seen = [
        {n for v in ("left", "right") for n in numbers(data, v)[data.splits[split]]}
        for split in SPLITS
    ]
    assert sum(map(len, seen)) == len(set.union(*seen))


def test_half_of_the_pairs_are_equal_and_no_pair_is_drawn_twice(
    make: Callable[..., DataSet],
) -> None:
    data = make()
    left, right = numbers(data, "left"), numbers(data, "right")
    same = data.targets["same"].values
    assert (same == (left % 7 == right % 7)).all()
    assert all(same[data.splits[split]].mean() == 0.5 for split in SPLITS)
    assert (left != right).all()
    assert len({frozenset(pair) for pair in zip(left.tolist(), right.tolist(), strict=True)}) == 160


def test_images_alike_in_every_byte_count_as_one(
    make: Callable[..., DataSet], arrays: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    arrays["images"][1::2] = arrays["images"][::2]
    arrays["labels"] = arrays["labels"] // 2 * 2 % 7
    arrays["labels"] = arrays["labels"].astype(float)
    arrays["labels"][4] = np.nan
    data = make()
    assert "150 of 300 images are left out: 1 without a label, 149 alike" in caplog.text
    assert (numbers(data, "left") % 2 == 0).all()
    seen = [
        {n for v in ("left", "right") for n in numbers(data, v)[data.splits[split]]}
        for split in SPLITS
    ]
    assert sum(map(len, seen)) == len(set.union(*seen))


def test_a_function_of_the_seed(make: Callable[..., DataSet]) -> None:
    first, again, other = (make(seed=seed) for seed in (1, 1, 2))
    assert (first.inputs["left"][:] == again.inputs["left"][:]).all()
    assert (first.inputs["left"][:] != other.inputs["left"][:]).any()


def test_limit(make: Callable[..., DataSet]) -> None:
    data = make(limit=100, train=60, validation=20, test=20)
    assert len(set(numbers(data, "left")) | set(numbers(data, "right"))) <= 100


@pytest.mark.parametrize("shape", [(N, 3, 6, 5), (N, 6, 5, 3)])
def test_colours_come_first(
    make: Callable[..., DataSet], arrays: dict[str, Any], shape: tuple[int, ...]
) -> None:
    arrays["images"] = np.random.default_rng(1).random(shape)
    data = make(scale=1.0)
    assert data.inputs["left"].shape == (160, 3, 6, 5)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"train": 3}, "data.train"),
        ({"test": 100_000}, "data.test"),
        ({"images": "image"}, "data.images"),
        ({"scale": 0}, "data.scale"),
        ({"limit": 2}, "data.limit"),
        ({"seed": -1}, "data.seed"),
    ],
)
def test_mistakes_are_named(make: Callable[..., DataSet], given: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(**given)
    assert caught.value.path == path


def test_images_and_labels_must_fit(make: Callable[..., DataSet], arrays: dict[str, Any]) -> None:
    arrays["labels"] = arrays["labels"][:-1]
    with pytest.raises(DataError, match="as many labels"):
        make()
    arrays["images"] = arrays["images"][0]
    with pytest.raises(DataError, match="images are numbers"):
        make()


def test_the_shipped_config(
    need_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTL_DATA", str(need_data("fashion_mnist").parent))
    config = load_config(CONFIG, ["data.train=400", "data.validation=200", "data.test=200"])
    data = build_data(config.data, config.seed)
    assert {name: (t.kind, len(t.classes)) for name, t in data.targets.items()} == {
        "left": ("class", 10),
        "right": ("class", 10),
        "same": ("binary", 2),
    }
    assert data.inputs["left"].shape == (800, 1, 28, 28)
    assert [task.loss_weight for task in config.tasks.values()] == [1, 1, 0.5]


def test_whole_numbers_without_a_scale_are_no_tokens(
    make: Callable[..., DataSet], arrays: dict[str, Any]
) -> None:
    arrays["images"] = arrays["images"].astype(np.int64)
    assert make(scale=1).inputs["left"].dtype == np.float32
