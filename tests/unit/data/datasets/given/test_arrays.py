"""Arrays, tensors and lists as data sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mtl_search import DataSet, Target
from mtl_search.errors import MtlSearchError

X = np.random.default_rng(0).normal(size=(20, 4))
Y = np.linspace(0, 1, 20)


def test_arrays_tensors_and_lists_will_do() -> None:
    data = DataSet.from_arrays(
        torch.from_numpy(X),
        {
            "y": Y,
            "flag": ["no", "yes", None, "no"] * 5,
            "given": Target(np.arange(20) % 3, "class", ("a", "b", "c")),
            "count": np.arange(20) % 4,
        },
        kinds={"count": "real"},
    )
    assert data.inputs["x"].dtype == np.float32
    kinds = {name: target.kind for name, target in data.targets.items()}
    assert kinds == {"y": "real", "flag": "binary", "given": "class", "count": "real"}
    assert data.targets["flag"].labelled.sum() == 15


def test_groups_stay_together_however_they_are_written() -> None:
    groups = ["P1", "P1 ", "P2", "P3"] * 5
    data = DataSet.from_arrays(X, {"y": Y}, groups=groups)
    for rows in data.splits.values():
        names = {groups[row].strip() for row in rows}
        others = [r for part in data.splits.values() if part is not rows for r in part]
        assert not names & {groups[row].strip() for row in others}


@pytest.mark.parametrize(
    "splits",
    [
        {"train": range(10), "validation": range(10, 15), "test": range(15, 20)},
        ["train"] * 10 + ["validation"] * 5 + ["test"] * 5,
        {
            "train": np.arange(20) < 10,
            "validation": (np.arange(20) >= 10) & (np.arange(20) < 15),
            "test": np.arange(20) >= 15,
        },
    ],
)
def test_splits_are_numbers_truth_values_or_names(splits: Any) -> None:
    data = DataSet.from_arrays(X, {"y": Y}, splits=splits)
    assert [len(data.splits[name]) for name in ("train", "validation", "test")] == [10, 5, 5]


def test_tokens_have_a_mask_and_tags() -> None:
    tokens = np.arange(60).reshape(20, 3) % 7
    mask = np.tile([1, 1, 0], (20, 1))
    tags = np.where(mask, tokens % 3, -1)
    data = DataSet.from_arrays({"words": tokens}, {"tag": tags}, masks={"words": mask})
    assert data.targets["tag"].kind == "tags"
    assert data.masks["words"].dtype == np.bool_


@pytest.mark.parametrize(
    ("inputs", "targets", "further", "told"),
    [
        (3, {"y": Y}, {}, "input 'x' is a int; an array"),
        (X, {"y": Y[:5]}, {}, "differ in length"),
        (X, {"y": Y}, {"kinds": {"z": "real"}}, "^kinds: there is no target 'z'|^kinds"),
        (X, {"y": Y}, {"scale": {"x": 0}}, "^scale.x: "),
        (X, {"y": Y}, {"splits": ["train"] * 19}, "^splits: `splits` of 20 samples"),
        (X, {"y": Y}, {"splits": {"dev": [1]}}, "^splits.dev: "),
        (X, {"y": Y}, {"groups": [1, 2]}, r"`groups` has the shape \(2,\)"),
        (X, {"y": Y}, {"groups": Y, "stratify": "y"}, "^group: "),
        ([[1, 2], [3]], {"y": Y}, {}, "input 'x' is no array"),
    ],
)
def test_mistakes_are_one_sentence(inputs: Any, targets: Any, further: Any, told: str) -> None:
    with pytest.raises(MtlSearchError, match=told):
        DataSet.from_arrays(inputs, targets, **further)


def test_a_target_may_say_more_than_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    ill = np.array(["a", "b", "-1", "?"] * 5)
    kinds = {"ill": {"positive": "a", "missing": ["?", "-1"]}, "some": "multilabel"}
    some = np.array([[0, 1], [-1, 1]] * 10)
    data = DataSet.from_arrays(X, {"ill": ill, "some": some}, kinds=kinds)
    assert data.targets["ill"].classes == ("b", "a")
    assert data.targets["ill"].values.tolist() == [1, 0, -1, -1] * 5
    assert data.targets["some"].values.tolist() == some.tolist()
    assert not caplog.records  # -1 cannot be a label of several


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"targets": Y}, "^targets: a mapping from names is needed"),
        ({"scale": {"y": 255}}, "^scale: there is no input of this name"),
        ({"scale": 255}, "^scale: a mapping from names is needed"),
        ({"kinds": {"y": "bool"}}, r"^targets\.y\.kind: there is no kind of target of this name"),
    ],
)
def test_mistyped_arguments_are_one_sentence(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(MtlSearchError, match=told):
        DataSet.from_arrays(X, **{"targets": {"y": Y}, **arguments})
