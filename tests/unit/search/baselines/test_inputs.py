"""Which inputs are a table, and how its columns are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.search.baselines.inputs import MAX_COLUMNS, MAX_INTEGER_COLUMNS, table_inputs
from tests.support import small_sweeps as small

N = small.SAMPLES
VIEWS: dict[str, Any] = {
    "x": small.DATA.inputs["x"],
    "y": small.DATA.inputs["y"],
    "codes": np.arange(N * 2).reshape(N, 2),
    "picture": np.zeros((N, 1, 3, 3)),
    "words": np.zeros((N, 5), np.int64),
    "long": np.zeros((N, MAX_INTEGER_COLUMNS + 1), np.int64),
    "wide": np.zeros((N, MAX_COLUMNS + 1)),
    "steps": np.zeros((N, 5, 2)),
}
DATA = DataSet(
    VIEWS, small.DATA.targets, small.DATA.splits, masks={"words": np.ones((N, 5), np.bool_)}
)


def config(**task: Any) -> Config:
    return small.config({"tasks": {"kind": {"head": "softmax", **task}}})


@pytest.mark.parametrize("view", ["picture", "words", "long", "wide", "steps", "x picture"])
def test_pictures_texts_and_very_wide_views_are_no_table(view: str) -> None:
    assert table_inputs(config(view=view.split()), DATA, "kind") is None


@pytest.mark.parametrize("view", ["x", "codes"])
def test_one_vector_a_sample_is_a_table(view: str) -> None:
    inputs = table_inputs(config(view=[view]), DATA, "kind")
    assert inputs is not None
    rows = np.array([3, 1])
    np.testing.assert_array_equal(inputs.read(rows), VIEWS[view][rows].astype(np.float32))


def test_a_task_that_reads_spans_reads_a_text() -> None:
    assert table_inputs(config(view=["codes"], spans="codes"), DATA, "kind") is None


def test_a_side_input_that_is_no_vector_is_no_column() -> None:
    assert table_inputs(config(view=["x"], side_inputs=["steps"]), DATA, "kind") is None


def test_real_columns_come_first_and_side_inputs_are_columns_too() -> None:
    inputs = table_inputs(config(view=["codes", "y"], side_inputs=["x"]), DATA, "kind")
    assert inputs is not None
    assert (inputs.real_columns, inputs.columns) == (12, 14)
    rows = np.arange(4)
    expected = np.concatenate([VIEWS[name][rows] for name in ("y", "x", "codes")], axis=1)
    np.testing.assert_allclose(inputs.read(rows), expected, rtol=1e-6)


def test_a_task_without_a_view_reads_those_of_the_data_set() -> None:
    inputs = table_inputs(config(), small.DATA, "kind")
    assert inputs is not None
    assert inputs.columns == 12
