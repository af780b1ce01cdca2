"""Arrays from npz files and folders: the same data, loaded or left on disk; every mistake named."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.arrays import arrays
from mtl_search.data.types import in_memory
from mtl_search.errors import ConfigError, DataError
from tests.unit.data.conftest import Build

N = 40
INPUTS = {"image": "pixels", "words": "tokens"}
TARGETS = {
    "digit": "class",
    "even": "binary",
    "size": {"kind": "real", "key": "area"},
    "flags": "multilabel",
    "tags": "tags",
    "drawn": {"kind": "vector", "key": "pixels"},
}


def _content() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    digit = rng.integers(0, 10, N)
    tags = rng.integers(0, 3, (N, 6))
    mask = np.arange(6) < rng.integers(1, 7, (N, 1))
    return {
        "pixels": rng.integers(0, 256, (N, 1, 4, 4)).astype(np.uint8),
        "tokens": rng.integers(0, 50, (N, 6)).astype(np.int32),
        "mask": mask.astype(np.uint8),
        "digit": np.where(rng.random(N) < 0.1, -1, digit),
        "even": (digit % 2 == 0).astype(np.int8),
        "area": np.where(rng.random(N) < 0.1, np.nan, rng.normal(size=N)),
        "flags": rng.integers(-1, 2, (N, 3)),
        "tags": np.where(mask, tags, -1),
        "person": np.arange(N) // 4,
        "train": np.arange(30),
        "validation": np.arange(30, 35),
        "test": np.arange(35, 40),
        "is_train": np.arange(N) < 30,
        "names": np.array(["a", "b"] * (N // 2)),
        "objects": np.array([None] * N, object),
        "short": np.zeros(3, np.float32),
        "single": np.float32(3.0),
    }


@pytest.fixture
def npz(tmp_path: Path) -> str:
    np.savez(tmp_path / "all.npz", **_content())
    return str(tmp_path / "all.npz")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "all").mkdir()
    for key, value in _content().items():
        np.save(tmp_path / "all" / f"{key}.npy", value, allow_pickle=True)
    return str(tmp_path / "all")


@pytest.fixture(params=["npz", "folder"])
def path(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_inputs_have_the_types_of_the_network(path: str) -> None:
    data, content = arrays(path, INPUTS, TARGETS), _content()
    assert data.inputs["image"].dtype == np.float32
    assert data.inputs["words"].dtype == np.int64
    assert (data.inputs["image"][:] == content["pixels"]).all()
    assert (data.inputs["words"][:] == content["tokens"]).all()


def test_targets_and_masks(path: str) -> None:
    data, content = arrays(path, INPUTS, TARGETS, masks={"words": "mask"}), _content()
    assert {name: target.kind for name, target in data.targets.items()} == {
        "digit": "class",
        "even": "binary",
        "size": "real",
        "flags": "multilabel",
        "tags": "tags",
        "drawn": "vector",
    }
    assert data.targets["drawn"].values.tolist() == content["pixels"].reshape(N, 16).tolist()
    assert (data.targets["digit"].values == content["digit"]).all()
    assert (data.targets["flags"].values == content["flags"]).all()
    assert data.targets["flags"].size == 3
    assert (data.targets["tags"].labelled == content["mask"].astype(bool)).all()
    assert (data.targets["size"].labelled == ~np.isnan(content["area"])).all()
    assert data.masks["words"].dtype == np.bool_
    assert (data.masks["words"] == content["mask"]).all()


def test_scaled_inputs(path: str) -> None:
    data = arrays(path, INPUTS, TARGETS, scale={"image": 255})
    x = data.inputs["image"][:]
    assert x.dtype == np.float32
    assert x == pytest.approx(_content()["pixels"] / 255)


def test_inputs_of_a_folder_stay_on_disk(folder: str, npz: str) -> None:
    streamed, loaded = arrays(folder, INPUTS, TARGETS), arrays(npz, INPUTS, TARGETS)
    assert not any(map(in_memory, streamed.inputs.values()))
    assert all(map(in_memory, loaded.inputs.values()))
    assert streamed.nbytes == loaded.nbytes


def test_a_list_of_inputs_names_views_after_keys(path: str) -> None:
    assert set(arrays(path, ["pixels", "tokens"], TARGETS).inputs) == {"pixels", "tokens"}
    assert set(arrays(path, "pixels", TARGETS).inputs) == {"pixels"}


def test_texts_as_labels(path: str) -> None:
    assert arrays(path, ["pixels"], {"names": "class"}).targets["names"].classes == ("a", "b")


def test_given_splits(path: str) -> None:
    data = arrays(
        path,
        ["pixels"],
        TARGETS,
        splits={"train": "is_train", "validation": "validation", "test": "test"},
    )
    assert [data.splits[name].tolist() for name in SPLITS] == [
        list(range(30)),
        list(range(30, 35)),
        list(range(35, 40)),
    ]


def test_split_by_seed(path: str, build: Build) -> None:
    def rows(**more: Any) -> list[list[int]]:
        data = build("arrays", path=path, inputs=["pixels"], targets=TARGETS, **more)
        return [data.splits[name].tolist() for name in SPLITS]

    assert [len(part) for part in rows()] == [24, 8, 8]
    assert rows(run_seed=1) == rows(run_seed=1) == rows(seed=1)
    assert rows(run_seed=1) != rows(run_seed=2)


def test_stratified_and_group_split(path: str) -> None:
    data = arrays(path, ["pixels"], TARGETS, stratify="even")
    even = data.targets["even"].values
    assert all(
        abs(even[rows].mean() - even.mean()) <= 2 / len(rows) for rows in data.splits.values()
    )
    data = arrays(path, ["pixels"], TARGETS, group="person")
    people = [set(_content()["person"][data.splits[name]]) for name in SPLITS]
    assert sum(map(len, people)) == 10


@pytest.mark.parametrize(
    ("changes", "path_of_key", "message"),
    [
        ({"inputs": ["pixel"]}, "data.inputs", "did you mean 'pixels'"),
        ({"inputs": {"image": "pixel"}}, "data.inputs", "did you mean 'pixels'"),
        ({"inputs": {"image": 3}}, "data.inputs.image", "a text"),
        ({"inputs": 3}, "data.inputs", "list of names"),
        ({"targets": {"digits": "class"}}, "data.targets.digits", "did you mean 'digit'"),
        ({"targets": {"digit": "clas"}}, "data.targets.digit.kind", "did you mean 'class'"),
        (
            {"targets": {"digit": {"kind": "class", "column": "x"}}},
            "data.targets.digit.column",
            "unknown key",
        ),
        ({"masks": {"image": "mask"}}, "data.masks", "there is no view of this name"),
        ({"masks": {"pixels": "maske"}}, "data.masks.pixels", "did you mean 'mask'"),
        ({"masks": "mask"}, "data.masks", "a mapping"),
        ({"scale": {"image": 255}}, "data.scale", "there is no view"),
        ({"scale": {"pixels": 0}}, "data.scale.pixels", "a number above 0"),
        ({"scale": {"pixels": "max"}}, "data.scale.pixels", "a number above 0"),
        ({"splits": {"train": "train", "val": "test"}}, "data.splits.val", "there is no split"),
        ({"splits": {"train": "trian"}}, "data.splits.train", "did you mean 'train'"),
        ({"splits": {"train": "train"}, "group": "person"}, "data.group", "only a split by seed"),
        ({"splits": "train"}, "data.splits", "a mapping"),
        ({"stratify": "size"}, "data.stratify", "class or binary target"),
        ({"stratify": "even", "group": "person"}, "data.group", "not both"),
        ({"group": "persn"}, "data.group", "did you mean 'person'"),
        ({"fractions": [0.9, 0.2, 0.1]}, "data.fractions", "sum to 1.2"),
        ({"seed": None}, "data.seed", "whole number"),
        ({"path": None}, "data.path", "a text"),
        ({"path": "no/such.npz"}, "data.path", "no such file"),
    ],
)
def test_mistakes_in_the_config(
    path: str, build: Build, changes: dict[str, Any], path_of_key: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        build("arrays", **{"path": path, "inputs": ["pixels"], "targets": TARGETS, **changes})
    assert caught.value.path == path_of_key
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": ["names"]}, "'names' has values of type <U1"),
        ({"inputs": ["objects"]}, "objects"),
        ({"inputs": ["short"]}, "differ in length"),
        ({"targets": {"objects": "class"}}, "'objects' in .* holds objects of Python"),
        ({"targets": {"single": "real"}}, "'single' .* is a single value"),
        ({"targets": {"digit": "multilabel"}}, "multilabel labels have 2 dimension"),
        ({"targets": {"digit": "binary"}}, "binary, but has 10 classes"),
        ({"masks": {"pixels": "mask"}}, "the mask of 'pixels'"),
        ({"splits": {"train": "train", "validation": "validation"}}, "no test split"),
        (
            {"splits": {"train": "train", "validation": "validation", "test": "train"}},
            "in two splits",
        ),
        (
            {"splits": {"train": "area", "validation": "validation", "test": "test"}},
            "holds sample numbers",
        ),
        ({"group": "flags"}, "the array for `group` has shape"),
    ],
)
def test_content_that_does_not_fit(
    path: str, build: Build, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        build("arrays", **{"path": path, "inputs": ["pixels"], "targets": TARGETS, **changes})


def test_a_bool_split_of_another_length(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 2)), y=np.arange(9), train=np.ones(8, bool))
    with pytest.raises(DataError, match=r"train split 'train' is bool \(8,\)"):
        arrays(str(tmp_path / "a.npz"), ["x"], {"y": "class"}, splits={"train": "train"})


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"PK not really")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "one.npy", np.zeros(3))
    for name, message in (
        ("bad.npz", "no file of numpy arrays"),
        ("empty.npz", "but empty"),
        ("one.npy", "a single array"),
    ):
        with pytest.raises(DataError, match=message):
            arrays(str(tmp_path / name), ["x"], {"y": "class"})


def test_a_damaged_array_within_an_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((500, 2)), y=np.arange(500))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[200:300] = b"\xff" * 100
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"'x' in .* is damaged or cut off"):
        arrays(str(tmp_path / "a.npz"), ["x"], {"y": "real"})


def test_a_data_set_is_pickled_without_its_inputs_on_disk(folder: str) -> None:
    data = arrays(folder, ["pixels"], {"digit": "class"})
    again: DataSet = pickle.loads(pickle.dumps(data))
    assert (again.inputs["pixels"][:] == data.inputs["pixels"][:]).all()


def test_a_tag_at_padding_is_missing_whatever_it_is(tmp_path: Path) -> None:
    mask = np.arange(4) < np.arange(20)[:, None] % 4 + 1
    tags = np.where(mask, np.arange(20)[:, None] % 3, 9)
    np.savez(tmp_path / "t.npz", x=np.ones((20, 4), np.int64), mask=mask, tags=tags)
    path = str(tmp_path / "t.npz")
    target = arrays(path, ["x"], {"tags": "tags"}, masks={"x": "mask"}).targets["tags"]
    assert (target.labelled == mask).all()
    assert target.classes == ("0", "1", "2")
