"""Rows of a table by split: by a column, by groups, at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.dataset import Target
from mtl_search.data.datasets.split_options import SplitOptions
from mtl_search.data.datasets.table_splits import check_full_column, split_table
from mtl_search.data.preparation.base import RowError
from mtl_search.data.types import SPLITS

FRAME = pd.DataFrame(
    {
        "part": ["train", "test", " train ", "validation", "train", "test"],
        "owner": ["P1", "P1 ", "P2", "P3", "P2", None],
    }
)
TARGETS = {"y": Target(np.arange(6) % 2, "binary", ("no", "yes"))}


def test_a_column_says_the_split_of_the_rows_that_are_asked_for() -> None:
    found = split_table(FRAME, SplitOptions.of(split="part"), TARGETS, np.array([0, 1, 2, 3]))
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "train": [0, 2],
        "validation": [3],
        "test": [1],
    }
    assert set(found) == set(SPLITS)


def test_an_empty_cell_is_told_with_its_row() -> None:
    check_full_column(FRAME, "group", "part")
    with pytest.raises(RowError, match="'owner' has empty cells") as error:
        check_full_column(FRAME, "group", "owner")
    assert error.value.row == 5
