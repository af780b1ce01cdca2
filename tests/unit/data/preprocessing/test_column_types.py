"""A fitted column encodes rows one by one as it does all at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.preparation.base import RowError
from mtl_search.data.preprocessing.column_types import Categorical, Numeric
from mtl_search.data.readers.cells import as_column


def test_numbers_are_scaled_and_missing_ones_marked() -> None:
    column = Numeric("mass", mean=2.0, deviation=0.5, indicator=True)
    assert (column.names, column.width) == (("mass", "mass missing"), 2)
    encoded = column.transform(as_column(np.array(["3", "", "1.5"], object)))
    assert encoded.tolist() == [[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]


def test_a_text_among_numbers_is_told_with_its_row() -> None:
    column = Numeric("mass", mean=0.0, deviation=1.0, indicator=False)
    with pytest.raises(RowError) as error:
        column.transform(pd.Series(["1", "heavy"], dtype=object))
    assert error.value.row == 1
    assert "'heavy'" in str(error.value)


def test_a_category_that_was_never_seen_is_another() -> None:
    column = Categorical("island", ("Biscoe", "Dream"))
    rows = pd.Series(["Dream", "Elsewhere", None, "Biscoe"], dtype=object)
    assert column.numbers(rows).tolist() == [1, 2, 2, 0]
    assert column.transform(rows).tolist() == np.eye(3)[[1, 2, 2, 0]].tolist()


def test_a_frame_that_lost_the_zeros_of_a_code_still_finds_it() -> None:
    column = Categorical("code", ("007", "42"))
    assert column.numbers(pd.Series([7, 42, 8])).tolist() == [0, 1, 2]
