"""Every data set stores what it fitted, and prepares raw rows as it prepared its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data import DataSet, Preparation, Prepared, Target
from mtl_search.data.datasets import DATASETS
from mtl_search.data.preparation import PREPARATIONS
from mtl_search.data.preparation.arrays import ArraysPreparation
from mtl_search.data.preparation.base import row_count, take_rows
from mtl_search.data.preparation.sources import SourcesPreparation
from mtl_search.data.preparation.stored import (
    code_in,
    from_stored,
    read_preparation,
    to_stored,
    write_preparation,
)
from mtl_search.errors import DataError
from tests.support.raw_rows import CASES


@pytest.mark.parametrize("name", CASES)
def test_raw_rows_become_what_training_saw(name: str, tmp_path: Path) -> None:
    case = CASES[name](tmp_path)
    data = case.data()
    assert data.preparation is not None
    stored = json.loads(json.dumps(to_stored(data.preparation)))
    preparation = from_stored(stored).of_source(case.source)
    rows = row_count(case.raw)  # with several sources, those of the first
    whole = preparation.transform(case.raw)
    for split, numbers in data.splits.items():
        own = numbers[numbers < rows]
        for view, x in data.inputs.items():
            np.testing.assert_array_equal(
                whole.inputs[view][own], x[own], err_msg=f"{split} {view}"
            )
            assert whole.inputs[view].dtype == x.dtype
    for view, mask in data.masks.items():
        np.testing.assert_array_equal(whole.masks[view], mask[:rows], err_msg=view)
    # Neither the size of a batch nor the other rows in it change what a row becomes.
    part = preparation.transform(take_rows(case.raw, slice(1, 4)))
    for view in data.inputs:
        if name != "vectors":  # an encoder rounds otherwise in another batch
            np.testing.assert_array_equal(part.inputs[view], data.inputs[view][1:4])


@pytest.mark.parametrize("name", ["penguins", "subwords", "vectors"])
def test_a_file_stands_alone(name: str, tmp_path: Path) -> None:
    case = CASES[name](tmp_path)
    preparation = case.data().preparation
    assert preparation is not None
    expected = preparation.transform(case.raw)
    (tmp_path / "here").mkdir()
    write_preparation(preparation, tmp_path / "here" / "p.json")
    (tmp_path / "here").rename(tmp_path / "there")
    if (tmp_path / "encoder").exists():
        (tmp_path / "encoder").rename(tmp_path / "gone")
    again = read_preparation(tmp_path / "there" / "p.json")
    assert (tmp_path / "there" / "p").is_dir() == (name != "penguins")
    prepared = again.transform(case.raw)
    for view, x in expected.inputs.items():
        np.testing.assert_array_equal(prepared.inputs[view], x)
    assert to_stored(again) == to_stored(preparation)
    if name != "penguins":
        with pytest.raises(DataError, match=r"cannot take along the encoder .*encoder'"):
            write_preparation(preparation, tmp_path / "q.json")
        both = SourcesPreparation({"one": again, "two": again})
        write_preparation(both, tmp_path / "both.json")
        part = read_preparation(tmp_path / "both.json").of_source("two")
        np.testing.assert_array_equal(
            part.transform(case.raw[:2]).masks[view], again.transform(case.raw[:2]).masks[view]
        )


@pytest.mark.parametrize("name", CASES)
def test_the_example_can_be_prepared_and_the_fields_have_names(name: str, tmp_path: Path) -> None:
    case = CASES[name](tmp_path)
    preparation = case.data().preparation
    assert preparation is not None
    part = preparation.of_source(case.source)
    prepared = part.transform(part.example())
    assert len(prepared) >= 1
    for view, x in case.data().inputs.items():
        if view in prepared.inputs and view not in prepared.masks:
            assert prepared.inputs[view].shape[1:] == x.shape[1:]
    assert all(field.name for field in part.describe())


def test_every_data_set_has_a_case() -> None:
    made = {case.__name__ for case in CASES.values()}
    assert len(made) == len(CASES)
    trees = {
        "arrays", "digit_attributes", "digit_pairs", "image_folder", "image_pairs", "semeval",
        "sources", "table",
    }  # fmt: skip
    assert set(DATASETS) == trees  # a new one needs a case


def test_names_are_those_of_the_table() -> None:
    for name in PREPARATIONS:
        assert PREPARATIONS[name].stored_name == name


class _Bad(Preparation):
    def transform(self, raw: Any) -> Prepared:
        return Prepared({})

    def to_json(self) -> dict[str, Any]:
        return {"x": np.zeros(2)}

    @classmethod
    def from_json(cls, tree: Any) -> _Bad:
        raise KeyError("nothing")

    def describe(self) -> tuple[()]:
        return ()

    def example(self) -> Any:
        return []


def test_what_cannot_be_stored_is_told_in_one_sentence() -> None:
    with pytest.raises(DataError, match=r"gives no plain JSON"):
        to_stored(_Bad())
    name = f"{__name__}:_Bad"
    with pytest.raises(DataError, match=r"cannot be read .KeyError: 'nothing'"):
        from_stored({"name": name, "fitted": {}})
    with pytest.raises(DataError, match=r"is no preparation"):
        from_stored({"name": "builtins:int", "fitted": {}})

    class Local(_Bad):
        pass

    splits = dict(zip(("train", "validation", "test"), np.arange(3)[:, None], strict=True))
    targets = {"y": Target(np.zeros(3), "real")}
    with pytest.raises(DataError, match=r"a class at the top of a module"):
        DataSet({"x": np.zeros((3, 2))}, targets, splits, preparation=Local())
    with pytest.raises(DataError, match=r"`preparation` is a str"):
        DataSet({"x": np.zeros((3, 2))}, targets, splits, preparation="x")  # type: ignore[arg-type]


def test_code_is_found_without_importing_it() -> None:
    views = to_stored(ArraysPreparation.of({"x": np.zeros((1, 2), np.float32)}))
    own = {"name": "not_there:Own", "fitted": {}}
    assert list(code_in(own)) == ["not_there:Own"]
    tree = {"name": "sources", "fitted": {"sources": {"a": views, "b": own}}}
    assert list(code_in(tree)) == ["not_there:Own"]
    assert list(code_in(views)) == list(code_in(None)) == []
