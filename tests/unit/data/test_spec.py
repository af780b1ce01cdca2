"""The specification of a data set: shapes, types and classes, there and back as JSON."""

from __future__ import annotations

import json

import numpy as np

from mtl_search.data import DataSet, Target
from mtl_search.data.spec import DataSpec, data_spec

DATA = DataSet(
    inputs={"image": np.zeros((5, 3, 4, 4)), "words": np.zeros((5, 7), int)},
    targets={
        "kind": Target(np.zeros(5, int), "class", ("a", "b")),
        "sick": Target(np.zeros(5, int), "binary", ("no", "yes")),
        "flags": Target(np.zeros((5, 3), int), "multilabel", ("x", "y", "z")),
        "size": Target(np.zeros(5), "real"),
        "pixels": Target(np.zeros((5, 2)), "vector", ("0", "1")),
        "tags": Target(np.zeros((5, 7), int), "tags", ("O", "B")),
    },
    splits={
        "train": np.array([0, 1, 2]),
        "validation": np.array([3]),
        "test": np.array([4]),
    },
    masks={"words": np.ones((5, 7), bool)},
)


def test_it_is_that_of_the_data_set_after_a_way_through_json() -> None:
    spec = data_spec(DATA)
    again = DataSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert again.masks == spec.masks == ("words",)
    assert {name: (x.shape, x.dtype) for name, x in again.inputs.items()} == {
        "image": ((0, 3, 4, 4), np.dtype(np.float32)),
        "words": ((0, 7), np.dtype(np.int64)),
    }
    for name, target in DATA.targets.items():
        other = again.targets[name]
        assert (other.kind, other.classes, other.size) == (target.kind, target.classes, target.size)
        assert other.values.dtype == target.values.dtype
        assert len(other.values) == 0
    assert again.to_json() == spec.to_json()


def test_the_tree_is_that_of_model_files() -> None:
    spec = DataSpec(
        {"x": np.zeros((2, 3), np.float32)}, {"y": Target(np.zeros(2), "real")}, masks=()
    )
    assert spec.to_json() == {
        "inputs": {"x": [[3], "float32"]},
        "targets": {"y": ["real", []]},
        "masks": [],
    }
