"""Names of classes, reserved labels and the positive side."""

from __future__ import annotations

import pandas as pd
import pytest

from mtl_search.data.preprocessing.classes import code_classes, tell_positive
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.errors import ConfigError


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["01234", "1234", "22"], ("01234", "1234", "22")),
        (["01234", "1234", "x"], ("01234", "1234", "x")),
        (["1", "1.0", "10", "2"], ("1", "2", "10")),
        (["00", "0", "0.0"], ("0", "00")),
        ([1, 1.0, True, "1"], ("1", "True")),
        (["a", "a ", "cafe\u0301", "caf\u00e9"], ("a", "caf\u00e9")),
    ],
)
def test_codes_keep_their_zeros_and_numbers_are_one(
    cells: list[object], classes: tuple[str, ...]
) -> None:
    assert code_classes(pd.Series(cells), "class").classes == classes


def test_texts_that_mean_missing_are_told_and_can_be_classes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cells = pd.Series(["None", "a", "NA", "NA", "", None, "b"])
    target = encode_target("y", cells, "class")
    assert (target.classes, target.values.tolist()) == (("a", "b"), [-1, 0, -1, -1, -1, -1, 1])
    assert "1 of 7 labels are None, 2 of 7 labels are NA" in caplog.text
    assert "missing: [None, NA]" in caplog.text
    kept = encode_target("y", cells, "class", missing=("NA",))
    assert kept.classes == ("None", "a", "b")


@pytest.mark.parametrize(
    ("classes", "is_guess"),
    [
        (("0", "1"), False),
        (("No", "Yes"), False),
        (("False", "True"), False),
        (("healthy", "ill"), False),
        (("disease", "healthy"), True),
        (("female", "male"), True),
        (("1", "2"), True),
        (("Positive", "negative"), True),
    ],
)
def test_a_guessed_positive_side_is_told(
    classes: tuple[str, str], is_guess: bool, caplog: pytest.LogCaptureFixture
) -> None:
    tell_positive("y", classes)
    assert bool(caplog.records) == is_guess


def test_the_positive_side_can_be_chosen(caplog: pytest.LogCaptureFixture) -> None:
    cells = pd.Series(["healthy", "disease", "healthy", ""])
    target = encode_target("y", cells, "binary", positive="disease")
    assert (target.classes, target.values.tolist()) == (("healthy", "disease"), [0, 1, 0, -1])
    assert not caplog.records
    three = encode_target("y", pd.Series(["a", "b", "c"]), "binary", positive="b")
    assert (three.classes, three.values.tolist()) == (("other", "b"), [0, 1, 0])
    with pytest.raises(ConfigError, match="no row has this value"):
        encode_target("y", cells, "binary", positive="ill")


def test_a_cell_of_megabytes_takes_no_memory_of_other_rows() -> None:
    cells = pd.Series(["x" * 1_000_000, *["a", "b"] * 5000])
    assert len(code_classes(cells, "class").classes) == 3
