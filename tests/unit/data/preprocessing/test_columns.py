"""Inputs from a table: scaled and one-hot by what the train rows hold, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.data.preprocessing.column_types import Categorical, Numeric
from mtl_search.data.preprocessing.columns import fit_columns
from mtl_search.errors import ConfigError, DataError

NAN = float("nan")


def _fit(frame: pd.DataFrame, categorical: Any = None, most: int = 64) -> Any:
    return fit_columns(frame, list(frame.columns), categorical, most)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_numbers_have_mean_0_and_deviation_1_on_the_train_rows(numbers: list[float]) -> None:
    x = _fit(pd.DataFrame({"a": numbers})).transform(pd.DataFrame({"a": numbers}))[:, 0]
    if np.std(numbers) > 1e-3:
        assert x.mean() == pytest.approx(0, abs=1e-3)
        assert x.std() == pytest.approx(1, abs=1e-3)
    assert np.isfinite(x).all()


def test_other_rows_are_scaled_like_the_train_rows() -> None:
    encoder = _fit(pd.DataFrame({"a": [1.0, 3.0]}))
    assert encoder.columns == (Numeric("a", mean=2.0, deviation=1.0, indicator=False),)
    assert encoder.transform(pd.DataFrame({"a": [2.0, 12.0]})).tolist() == [[0.0], [10.0]]


def test_missing_numbers_become_the_mean_and_are_marked() -> None:
    encoder = _fit(pd.DataFrame({"a": [1.0, NAN, 3.0]}))
    assert encoder.names == ("a", "a missing")
    assert encoder.transform(pd.DataFrame({"a": [NAN, 3.0]})).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_no_mark_where_the_train_rows_lack_nothing() -> None:
    encoder = _fit(pd.DataFrame({"a": [1.0, 3.0]}))
    assert encoder.names == ("a",)
    assert encoder.transform(pd.DataFrame({"a": [NAN]})).tolist() == [[0.0]]


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0, 1e9])
def test_a_constant_column_is_zero_and_does_not_blow_up_other_rows(value: float) -> None:
    encoder = _fit(pd.DataFrame({"a": [value] * 7}))
    assert encoder.transform(pd.DataFrame({"a": [value, value + 1]}))[:, 0] == pytest.approx(
        [0.0, 1.0], abs=1e-6
    )


def test_a_column_without_any_value_in_the_train_rows() -> None:
    encoder = _fit(pd.DataFrame({"a": [NAN, NAN]}))
    assert encoder.transform(pd.DataFrame({"a": [NAN, 5.0]})).tolist() == [[0.0, 1.0], [5.0, 0.0]]


def test_categories_are_one_hot_with_a_column_for_all_others() -> None:
    encoder = _fit(pd.DataFrame({"c": ["red", "blue", None, "red"]}))
    assert encoder.names == ("c=blue", "c=red", "c other")
    x = encoder.transform(pd.DataFrame({"c": ["red", "blue", "green", None, ""]}))
    assert x.argmax(axis=1).tolist() == [1, 0, 2, 2, 2]
    assert (x.sum(axis=1) == 1).all()


@pytest.mark.parametrize("values", [[1, 2], [1.0, 2.0], ["1", "2"], ["1.0", "2.0"]])
def test_categories_that_are_numbers_have_one_name(values: list[Any]) -> None:
    assert _fit(pd.DataFrame({"c": values}), categorical=["c"]).columns == (
        Categorical("c", ("1", "2")),
    )


def test_bools_are_categories() -> None:
    assert _fit(pd.DataFrame({"c": [True, False]})).names == ("c=False", "c=True", "c other")
    assert _fit(pd.DataFrame({"c": ["True", "False"]})).names == ("c=False", "c=True", "c other")


def test_columns_stand_side_by_side_in_order() -> None:
    frame = pd.DataFrame({"c": ["x", "y"], "a": [1.0, 3.0]})
    encoder = _fit(frame)
    assert encoder.names == ("c=x", "c=y", "c other", "a")
    assert encoder.transform(frame).tolist() == [[1, 0, 0, -1], [0, 1, 0, 1]]
    assert encoder.transform(frame).dtype == np.float32


def test_texts_that_are_numbers_are_numbers() -> None:
    encoder = _fit(pd.DataFrame({"a": ["1", "3", ""]}))
    assert encoder.transform(pd.DataFrame({"a": ["2", " 4 "]}))[:, 0].tolist() == [0.0, 2.0]


def test_too_many_categories_are_refused() -> None:
    frame = pd.DataFrame({"id": [f"n{k}" for k in range(10)]})
    with pytest.raises(
        ConfigError, match="'id' has 10 different texts, more than max_categories=9"
    ) as caught:
        _fit(frame, most=9)
    assert caught.value.path == "data.columns"
    assert len(_fit(frame, most=10).names) == 11


def test_values_that_are_no_numbers() -> None:
    encoder = _fit(pd.DataFrame({"a": ["1", "3"]}))
    with pytest.raises(
        DataError, match=r"column 'a' is numeric, but row 1 \('tall'\) is not a number"
    ):
        encoder.transform(pd.DataFrame({"a": ["2", "tall"]}))
    with pytest.raises(
        DataError, match="column 'a' has values that are infinite or too large, such as inf"
    ):
        encoder.transform(pd.DataFrame({"a": ["inf", "1"]}))
    with pytest.raises(DataError, match="not among the categorical ones, but row 0"):
        _fit(pd.DataFrame({"a": ["x", "y"]}), categorical=[])
    for value in (np.inf, -np.inf, 1e300):
        with pytest.raises(DataError, match="column 'a' has values that are infinite or too large"):
            _fit(pd.DataFrame({"a": [1.0, value]}))
    with pytest.raises(DataError, match="row 1"):
        _fit(pd.DataFrame({"a": [1, True]}, dtype=object), categorical=[])


def test_numbers_are_the_same_however_pandas_holds_them() -> None:
    rng = np.random.default_rng(0)
    numbers = pd.DataFrame(rng.normal(50, 9, (40, 4)).round(3), columns=list("abcd"))
    numbers.iloc[::7, 1] = NAN
    numbers["e"] = rng.integers(0, 2**40, 40)
    numbers["place"] = rng.choice(["x", "y", "z"], 40)
    encoder = _fit(numbers)
    expected = encoder.transform(numbers)
    for name, column in zip("abcde", encoder.columns, strict=False):
        first = list(encoder.names).index(name)
        alone = column.transform(numbers[name])
        assert np.array_equal(expected[:, first : first + column.width], alone)
    as_objects = numbers.astype(object)
    as_texts = numbers.astype({"a": str, "c": str, "place": "category"})
    as_nullable = numbers.convert_dtypes()
    in_another_order = numbers[["place", *"edcba"]]
    for other in (as_objects, as_texts, as_nullable, in_another_order):
        assert np.array_equal(encoder.transform(other), expected)
    assert encoder.transform(numbers[:0]).shape == (0, encoder.width)
