"""Rows of any kind, a batch at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.preparation.base import RowError, check_finite, row_count, take_rows
from mtl_search.errors import DataError


@pytest.mark.parametrize(
    "raw",
    [
        pd.DataFrame({"a": range(5)}),
        list(range(5)),
        np.zeros((5, 2)),
        {"a": [1, 2, 3, 4, 5], "b": np.zeros((5, 3))},
    ],
)
def test_rows_are_counted_and_taken(raw: Any) -> None:
    assert row_count(raw) == 5
    part = take_rows(raw, slice(3, 9))
    assert type(part) is type(raw)
    assert row_count(part) == 2


def test_what_holds_no_rows() -> None:
    for raw in (3, None, b"abc", np.zeros(())):
        with pytest.raises(DataError, match=r"rows are needed"):
            row_count(raw)
    with pytest.raises(DataError, match=r"differ in length"):
        row_count({"a": [1], "b": [1, 2]})


def test_a_row_is_named() -> None:
    values = np.zeros((4, 2, 2))
    check_finite("x", values)
    check_finite("x", np.zeros((4, 2), np.int64))
    values[2, 1, 0] = np.nan
    with pytest.raises(RowError, match=r"view 'x': row 2 has NaN") as error:
        check_finite("x", values)
    assert "row 12 has NaN" in str(error.value.at(10))
