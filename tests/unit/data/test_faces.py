"""The shipped config `faces.yaml` and the data it names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mtl_search.config import Config, load_config
from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.build import build_data
from tests.support.repository import CONFIGS

CONFIG = CONFIGS / "faces.yaml"


@pytest.fixture
def config(need_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("MTL_DATA", str(need_data("cmu_faces").parent))
    return load_config(CONFIG)


@pytest.fixture
def data(config: Config) -> DataSet:
    return build_data(config.data, config.seed)


def test_four_targets_of_every_picture(data: DataSet, config: Config) -> None:
    assert set(config.tasks) == set(data.targets)
    assert {name: (t.kind, len(t.classes)) for name, t in data.targets.items()} == {
        "person": ("class", 20),
        "pose": ("class", 4),
        "expression": ("class", 4),
        "sunglasses": ("binary", 2),
    }
    assert data.targets["sunglasses"].classes == ("eyes", "sunglasses"), (
        "or a 1 would mean open eyes"
    )
    assert all(target.labelled.all() for target in data.targets.values())


def test_pictures_are_grey_and_scaled(data: DataSet) -> None:
    pictures = data.inputs["images"]
    assert (pictures.shape, pictures.dtype) == ((624, 30, 32), np.dtype(np.float32))
    assert (pictures[:].min(), pictures[:].max()) == (0.0, 1.0)


def test_every_person_is_in_every_split_and_no_picture_in_two(data: DataSet) -> None:
    seen = [
        {picture.tobytes() for picture in data.inputs["images"][data.splits[name]]}
        for name in SPLITS
    ]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 624
    for rows in data.splits.values():
        assert np.bincount(data.targets["person"].values[rows], minlength=20).min() >= 4
