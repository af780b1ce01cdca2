"""Cells as numbers or texts, and which of them are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.readers.cells import (
    as_column,
    as_numbers,
    category_numbers,
    category_text,
    factorize,
    missing_cells,
    number_text,
    plain_text,
)

NAN = float("nan")


def _category_texts(values: pd.Series[Any]) -> Any:
    codes, distinct = factorize(values)
    return np.array(list(map(category_text, distinct)), str)[codes]


def test_missing() -> None:
    values = pd.Series(["a", " ", None, NAN, pd.NaT, 0, False], dtype=object)
    assert missing_cells(values).tolist() == [False, True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("number", "text"), [(3.0, "3"), (-2.0, "-2"), (0.5, "0.5"), (1e20, "100000000000000000000")]
)
def test_number_text(number: float, text: str) -> None:
    assert number_text(number) == text


@pytest.mark.parametrize("dtype", [object, "str"])
def test_blanks_are_missing_in_every_type_of_text(dtype: Any) -> None:
    values = pd.Series(["a", " ", "", None], dtype=dtype)
    assert missing_cells(values).tolist() == [False, True, True, True]


def test_columns_are_numbered_from_0_and_bytes_are_text() -> None:
    assert as_column(np.array([b"a", b"\xc3\xa9"])).tolist() == ["a", "é"]
    assert as_column(pd.Series([1, 2], index=[7, 3])).index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1.0, 2.0]),
        (["1", " 2.5 ", ""], [1.0, 2.5, NAN]),
        ([1, None], [1.0, NAN]),
        (["1", "two"], None),
        ([True, False], None),
        ([1, True], None),
        ([1j, 2j], None),
        (pd.to_datetime(["2020-01-02"]), None),
    ],
)
def test_as_numbers(values: Any, expected: list[float] | None) -> None:
    numbers = as_numbers(pd.Series(values))
    if expected is None:
        assert numbers is None
    else:
        assert numbers is not None
        assert np.array_equal(numbers, expected, equal_nan=True)


def test_factorize_gives_the_column_back() -> None:
    texts = pd.Series(["b", "a", "b", None], dtype="string")
    codes, distinct = factorize(texts)
    assert len(distinct) == 3
    assert distinct.iloc[codes].fillna("-").tolist() == ["b", "a", "b", "-"]
    mixed = pd.Series([1, True, 1], dtype=object)
    codes, distinct = factorize(mixed)
    assert codes.tolist() == [0, 1, 0], "1 and True are equal and not the same"
    objects = pd.Series(["b", None, "b"], dtype=object)
    codes, distinct = factorize(objects)
    assert len(distinct) == 2
    assert distinct.iloc[codes].fillna("-").tolist() == ["b", "-", "b"]


def test_categories_are_those_that_occur() -> None:
    values = pd.Series(pd.Categorical(["2", None, " ", "2"], categories=["tall", " ", "2"]))
    codes, distinct = factorize(values)
    assert distinct.iloc[codes].fillna("-").tolist() == ["2", "-", " ", "2"]
    assert missing_cells(values).tolist() == [False, True, True, False]
    numbers = as_numbers(values)
    assert numbers is not None
    assert np.array_equal(numbers, [2, NAN, NAN, 2], equal_nan=True)
    assert as_numbers(pd.Series(pd.Categorical(["2", "tall"]))) is None
    assert as_numbers(pd.Series(pd.Categorical([True, False]))) is None
    assert _category_texts(pd.Series(pd.Categorical([1.0, 2.0, 1.0]))).tolist() == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        ("1.0", "1"),
        (" a ", "a"),
        (True, "True"),
        ("2e20", "2e20"),
        (0.5, "0.5"),
    ],
)
def test_category_text(value: object, text: str) -> None:
    assert category_text(value) == text


def test_texts_that_look_alike_are_one() -> None:
    assert plain_text(" cafe\u0301 ") == plain_text("caf\u00e9") == "caf\u00e9"
    assert category_text("cafe\u0301") == category_text("caf\u00e9\u00a0")
    values = pd.Series(["P1", "P1 ", "1.0", 1, "1", 1.5, "1_0", "10", True], dtype=object)
    numbers = category_numbers(values)
    assert numbers.tolist() == [4, 4, 0, 0, 0, 1, 3, 2, 5], "in the order of the texts"
    codes = category_numbers(pd.Series(["01234", "1234", "1234.0"]))
    assert codes.tolist() == [0, 1, 1], "a code keeps its zeros"


def test_whole_numbers_beyond_floats_are_infinite_and_no_bug() -> None:
    numbers = as_numbers(pd.Series([10**400, -(10**400), "2", None, 3.5], dtype=object))
    assert numbers is not None
    assert np.array_equal(numbers, [np.inf, -np.inf, 2, NAN, 3.5], equal_nan=True)
    assert category_text(10**400) == str(10**400)
