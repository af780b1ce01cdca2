"""Data frames get the form of those that are read from files."""

from __future__ import annotations

import pandas as pd
import pytest

from mtl_search.data.readers.frames import is_frame, named_frame
from mtl_search.errors import DataError


def test_names_are_texts_and_rows_begin_at_0() -> None:
    frame = pd.DataFrame({0: [1, 2], " cafe\u0301": ["a", "b"]}, index=["x", "y"])
    named = named_frame("the data frame", frame)
    assert named.columns.tolist() == ["0", "caf\u00e9"]
    assert named.index.tolist() == [0, 1]
    assert frame.index.tolist() == ["x", "y"]  # as it was


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pd.DataFrame({"a": []}), "^it has no rows$"),
        (pd.DataFrame([[1, 2]], columns=["a", "a "]), "^it has two columns called 'a'$"),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])), "levels"),
    ],
)
def test_what_is_no_table_is_refused(frame: pd.DataFrame, told: str) -> None:
    with pytest.raises(DataError, match=told):
        named_frame("it", frame)


def test_only_frames_are_frames() -> None:
    assert is_frame(pd.DataFrame())
    assert not any(map(is_frame, ({"a": [1]}, pd.Series([1]), "rows.csv", None)))
