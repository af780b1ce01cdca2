"""What a preparation of the user's may do wrong, and how batches are put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_search.data import Preparation, Prepared
from mtl_search.errors import DataError
from mtl_search.export.batches import (
    as_view,
    prepared_batches,
    rows_of,
)


class Own(Preparation):
    """Gives back what its rows are."""

    def transform(self, raw: Any) -> Any:
        if raw[0] == "fail":
            raise KeyError("nothing")
        return Prepared({"x": np.zeros((len(raw), 1))}) if raw[0] == "good" else raw

    def to_json(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_json(cls, tree: Any) -> Own:
        return cls()

    def describe(self) -> tuple[()]:
        return ()

    def example(self) -> list[str]:
        return ["good"]


def test_code_of_the_user_fails_in_one_sentence() -> None:
    batches = list(prepared_batches(Own(), ["good", "x", "good"], 2))
    assert [list(names) for _, names in batches] == [[0, 1], [2]]
    with pytest.raises(DataError, match=r"preparation Own failed with KeyError: 'nothing'"):
        next(prepared_batches(Own(), ["fail"], 2))
    with pytest.raises(DataError, match=r"Own returned a list; a mtl_search.data.Prepared"):
        next(prepared_batches(Own(), ["other"], 2))
    with pytest.raises(DataError, match=r"this model reads no files"):
        next(prepared_batches(Own(), "file.csv", 2))
    assert rows_of(["a", "b"]) == 2
    assert rows_of("file.csv") is None


@pytest.mark.parametrize(
    "values", [[[1, 2], [3, 4]], np.array([[1, 2], [3, 4]]), np.array([[1.0, 2], [3, 4]], object)]
)
def test_other_numbers_become_those_of_the_network(values: Any) -> None:
    view = as_view("table", values, np.dtype(np.float32))
    assert view.dtype == np.float32
    assert view.tolist() == [[1, 2], [3, 4]]
    assert as_view("tokens", values, np.dtype(np.int64)).dtype == np.int64


@pytest.mark.parametrize(
    ("values", "dtype", "message"),
    [
        ([["a", "b"]], "float32", "numbers are needed"),
        ([[1, 2], [3]], "float32", "no array of numbers of one shape"),
        ([[1.5]], "int64", "whole numbers"),
        ([[np.nan]], "float32", "NaN or infinite"),
        ([[1e39]], "float32", "NaN or infinite"),
        ([[1j]], "float32", "numbers are needed"),
    ],
)
def test_what_is_no_view_is_refused(values: Any, dtype: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_view("x", values, np.dtype(dtype))
