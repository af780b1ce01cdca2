"""Raw labels of every sort: missing ones are masked, and numbers are named by their text."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtl_search.data.preprocessing.classes import RESERVED_TEXTS, code_classes
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.readers.cells import as_column, as_numbers, category_text
from mtl_search.errors import DataError

NAN = float("nan")

# Before pandas 3, `astype("str")` writes a missing value as the text "None".
_OLD_PANDAS = int(pd.__version__.partition(".")[0]) < 3


@pytest.mark.parametrize(
    ("raw", "codes", "classes"),
    [
        (np.array(["b", "a", "b"]), [1, 0, 1], ("a", "b")),
        (np.array(["b", "", " ", "-1"]), [0, -1, -1, -1], ("b",)),
        (np.array(["b", None, NAN, "a"], object), [1, -1, -1, 0], ("a", "b")),
        (np.array([3, 10, -1, 3]), [0, 1, -1, 0], ("3", "10")),
        (np.array([3.0, NAN, 10.0, -1.0]), [0, -1, 1, -1], ("3", "10")),
        (np.array([0.5, 2.0]), [0, 1], ("0.5", "2")),
        (np.array(["10", "3", "3.0"]), [1, 0, 0], ("3", "10")),
        (np.array(["10", "3", "x"]), [0, 1, 2], ("10", "3", "x")),
        (np.array(["cafe\u0301", "caf\u00e9", "tea"]), [0, 0, 1], ("caf\u00e9", "tea")),
        (np.array(["1", "1.0", "x"]), [0, 0, 1], ("1", "x")),
        (np.array(["-1", "-1.0", "x"]), [-1, -1, 0], ("x",)),
        (np.array(["007", "7", "x"]), [0, 1, 2], ("007", "7", "x")),
        (np.array([True, False]), [1, 0], ("False", "True")),
        (np.array([True, None], object), [0, -1], ("True",)),
        (np.array([b"yes", b"no"]), [1, 0], ("no", "yes")),
        (np.array([3, None, "3", 3.0], object), [0, -1, 0, 0], ("3",)),
        (np.array([2**53 + 1, 2**53 + 2]), [0, 1], ("9007199254740993", "9007199254740994")),
        (np.array([dt.date(2020, 1, 2), None], object), [0, -1], ("2020-01-02",)),
    ],
)
def test_classes(raw: Any, codes: list[int], classes: tuple[str, ...]) -> None:
    target = encode_target("y", raw, "class")
    assert target.values.tolist() == codes
    assert target.classes == classes
    assert target.values.dtype == np.int64
    assert target.labelled.tolist() == [code >= 0 for code in codes]


@pytest.mark.parametrize(
    "dtype",
    [
        "string",
        pytest.param("str", marks=pytest.mark.skipif(_OLD_PANDAS, reason="makes None a text")),
        "Int64",
        "Float64",
        "category",
        "float32",
        "string[pyarrow]",
        "int64[pyarrow]",
    ],
)
def test_every_type_of_pandas_gives_the_same_classes(dtype: Any) -> None:
    values = pd.Series(["2", "10", None, "-1"]) if "str" in dtype else pd.Series([2, 10, None, -1])
    coded = code_classes(as_column(values.astype(dtype)), "class")
    codes, classes = coded.codes, coded.classes
    assert codes.tolist() == [0, 1, -1, -1]
    assert classes == ("2", "10")


def test_dates_of_pandas_are_texts_and_not_numbers() -> None:
    texts: list[Any] = ["2020-01-02", None, "2019-01-02"]
    days = pd.Series(pd.to_datetime(texts))
    assert as_numbers(days) is None
    coded = code_classes(days, "class")
    codes, classes = coded.codes, coded.classes
    assert codes.tolist() == [1, -1, 0]
    assert classes == ("2019-01-02", "2020-01-02")


@given(st.lists(st.one_of(st.none(), st.just(NAN), st.just(-1), st.integers(0, 20)), min_size=1))
def test_missing_markers_never_become_a_class(raw: list[Any]) -> None:
    present = [value for value in raw if not pd.isna(value) and value != -1]
    coded = code_classes(as_column(np.array(raw, object)), "class")
    codes, classes = coded.codes, coded.classes
    assert classes == tuple(str(value) for value in sorted(set(present)))
    assert (codes >= 0).sum() == len(present)
    assert [classes[code] for code in codes if code >= 0] == [str(value) for value in present]


@example([":", "٠"])
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1)
)
def test_any_texts_are_encoded_and_found_again(raw: list[str]) -> None:
    coded = code_classes(as_column(np.array(raw, object)), "class")
    codes, classes = coded.codes, coded.classes
    for text, code in zip(raw, codes, strict=True):
        name = category_text(text)
        assert (code < 0) == (name in ("", "-1", *RESERVED_TEXTS))
        if code >= 0 and not coded.are_numbers:
            assert classes[code] == name


@pytest.mark.parametrize(
    ("raw", "codes", "classes"),
    [
        (np.array(["male", "female", None], object), [1, 0, -1], ("female", "male")),
        (np.array([1.0, 0.0, NAN]), [1, 0, -1], ("0", "1")),
        (np.array([1, 1]), [1, 1], ("0", "1")),
        (np.array([0, 0, -1]), [0, 0, -1], ("0", "1")),
        (np.array([True, True]), [1, 1], ("False", "True")),
        (np.array([2, 5, -1]), [0, 1, -1], ("2", "5")),
    ],
)
def test_binary(raw: Any, codes: list[int], classes: tuple[str, ...]) -> None:
    target = encode_target("y", raw, "binary")
    assert (target.values.tolist(), target.classes) == (codes, classes)


def test_multilabel() -> None:
    target = encode_target("y", np.array([[1.0, NAN], [0.0, 1.0], [-1.0, 0.0]]), "multilabel")
    assert target.values.tolist() == [[1, -1], [0, 1], [-1, 0]]
    assert target.classes == ("0", "1")
    assert target.size == 2


def test_multilabel_without_any_positive() -> None:
    assert encode_target("y", np.zeros((2, 3)), "multilabel").values.tolist() == [[0] * 3] * 2


def test_real_keeps_minus_one_and_masks_the_rest() -> None:
    target = encode_target("y", np.array([-1, "2.5", None, "", NAN], object), "real")
    assert target.values[:2].tolist() == [-1.0, 2.5]
    assert target.labelled.tolist() == [True, True, False, False, False]
    assert target.values.dtype == np.float32


def test_pictures_are_vectors_of_their_pixels() -> None:
    raw = np.array([[[1.5, np.nan], [3, 4]], [[5, 6], [7, -1]]])
    target = encode_target("picture", raw, "vector")
    assert target.values.dtype == np.float32
    np.testing.assert_equal(target.values, [[1.5, np.nan, 3, 4], [5, 6, 7, -1]])
    assert target.classes == ("0", "1", "2", "3")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros(3), "vector labels have 2 dimension"),
        (np.array([["1", "a lot"]]), "some: 'a lot'"),
        (np.array([[1.0, np.inf]]), "infinite"),
    ],
)
def test_what_is_no_vector(raw: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        encode_target("picture", raw, "vector")


def test_tags() -> None:
    target = encode_target("y", np.array([[5, 7], [7, -1]]), "tags")
    assert target.values.tolist() == [[0, 1], [1, -1]]
    assert target.classes == ("5", "7")


@pytest.mark.parametrize(
    ("raw", "kind", "message"),
    [
        (
            np.array([1, 2, 3]),
            "binary",
            r"has 3 classes \('1', '2', '3'; the rarest is '1', first in row 0\)",
        ),
        (np.array([1, -1]), "binary", "one class only .* -1 means missing"),
        (np.array(["yes", None], object), "binary", "one class only"),
        (np.array([[1, -1], [1, 1]]), "multilabel", "one class only"),
        (np.array([[1, 2]]), "multilabel", "must be 0 or 1 .* found: '1', '2'"),
        (
            np.array([1.0, "tall"], object),
            "real",
            "not all of its labels are numbers; some: 'tall'",
        ),
        (np.array([True, False]), "real", "not all of its labels are numbers"),
        (np.array([1.0, np.inf]), "real", "infinite"),
        (np.array([NAN, -1.0]), "class", "no labels at all"),
        (np.zeros((2, 2)), "class", "class labels have 1 dimension"),
        (np.zeros(2), "tags", "tags labels have 2 dimension"),
    ],
)
def test_labels_that_do_not_fit(raw: Any, kind: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        encode_target("y", raw, kind)


def test_a_real_target_may_lack_all_labels_of_a_split() -> None:
    assert not encode_target("y", np.array([NAN, NAN]), "real").labelled.any()


def test_tags_that_a_tokenizer_pads_are_missing() -> None:
    target = encode_target("y", np.array([[0, 2, -100], [1, -1, -100]]), "tags")
    assert target.values.tolist() == [[0, 2, -1], [1, -1, -1]]
    assert target.classes == ("0", "1", "2")
