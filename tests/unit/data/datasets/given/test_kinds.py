"""The kind of a target follows from its values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.datasets.given.kinds import array_kind, column_kind
from mtl_search.errors import DataError


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.5, 1.25, None], "real"),
        ([0, 1, 1, 0], "binary"),
        ([0.0, 1.0, np.nan], "binary"),
        ([True, False, None], "binary"),
        (["no", "yes", "no", "yes", " "], "binary"),
        (["p", "q", "r"] * 4, "class"),
        (list(range(10)) * 3, "class"),
        (list(range(1500)), "real"),
        ([1, 2, 1, 2], "class"),  # two numbers that say nothing of no and yes
        (["1", "2", "3"] * 3, "class"),  # texts stay texts
        ([3, 3, 3], "class"),
    ],
)
def test_kinds_of_columns(values: list[Any], kind: str) -> None:
    assert column_kind("y", pd.Series(values)) == kind


def test_categories_of_pandas_are_classes() -> None:
    assert column_kind("y", pd.Series(["a", "b", "c"] * 3, dtype="category")) == "class"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([None, np.nan], "has no labels at all"),
        ([f"text {number}" for number in range(60)], "60 different texts in 60 rows"),
        (pd.date_range("2020", periods=5), "holds dates"),
    ],
)
def test_what_is_no_target_is_refused(values: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        column_kind("y", pd.Series(values))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.zeros((5, 3)), "vector"),
        (np.array([[0, 1], [1, -1]]), "multilabel"),
        (np.array([[2, 1, 0], [1, -1, -1]]), "tags"),
        (np.arange(4) % 2, "binary"),
    ],
)
def test_kinds_of_arrays(values: Any, kind: str) -> None:
    assert array_kind("y", values, [(2, 3)]) == kind


def test_an_array_that_says_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="say its kind, as by `kinds="):
        array_kind("y", np.array([[2, 1], [1, 0]]))
