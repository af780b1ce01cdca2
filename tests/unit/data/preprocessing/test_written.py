"""Numbers and dates as texts, and numbers of a scale as classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.preprocessing.columns import fit_columns
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.preprocessing.written import written_form
from mtl_search.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["12 %", "7.5%", "3"], "percentages"),
        (["1,074", "12,000.5"], "numbers with thousands separators"),
        (["1.074,5", "12.000,25"], "numbers with thousands separators"),
        (["1 074", "999"], "numbers with thousands separators"),
        (["0,5", "12,25"], "numbers with decimal commas"),
        (["2024-01-31", "2024-02-01 12:30:00"], "dates"),
        (["31.1.2024", "1/2/24"], "dates"),
        (["9:30", "12:45:10"], "times"),
        (["$5", "1,000 €"], "amounts of money"),
        (["5 kg", "7kg"], "numbers with units"),
    ],
)
def test_forms(texts: list[str], form: str) -> None:
    found = written_form(texts)
    assert found is not None
    assert found[0] == form


@pytest.mark.parametrize("texts", [["a"], ["1", "2.5"], ["5 %", "x"], [], ["v1.2"], ["A4", "B5"]])
def test_other_texts_are_no_numbers(texts: list[str]) -> None:
    assert written_form(texts) is None


def test_a_column_of_dates_is_no_column_of_categories(caplog: pytest.LogCaptureFixture) -> None:
    days = pd.DataFrame({"day": [f"2024-01-{k:02d}" for k in range(1, 20)]})
    with pytest.raises(ConfigError, match=r"'day' holds 19 dates such as '2024-01-01'.*ignore"):
        fit_columns(days, ["day"], None, 64)
    assert len(fit_columns(days, ["day"], ["day"], 64).names) == 20
    fit_columns(days.iloc[:3], ["day"], None, 64)
    assert "read as 3 categories; these are dates" in caplog.text


def test_codes_that_are_read_as_numbers_are_told(caplog: pytest.LogCaptureFixture) -> None:
    fit_columns(pd.DataFrame({"zip": ["01234", "1234"]}), ["zip"], None, 64)
    assert "some begin with 0, such as '01234'" in caplog.text


def test_numbers_of_a_scale_are_no_classes() -> None:
    scale = np.random.default_rng(0).normal(size=3000).round(2)
    with pytest.raises(DataError, match=r"'y' has \d+ classes in 2991 rows.*are `real`"):
        encode_target("y", scale, "class")
    with pytest.raises(DataError, match="numbers of a scale"):
        encode_target("y", np.arange(1500) * 7, "class")
    with pytest.raises(DataError, match="a text of its own"):
        encode_target("y", np.array([f"note {k}" for k in range(50)]), "class")
    with pytest.raises(DataError, match="these are dates"):
        encode_target("y", np.array([f"2024-03-{k:02d}" for k in range(1, 29)]), "class")
    assert encode_target("y", np.arange(1500), "class").size == 1500, "codes 0, 1, 2 are classes"
    assert encode_target("y", np.arange(3000) % 25 / 2, "class").size == 25


def test_a_label_that_is_no_number_is_told_with_its_row_and_form() -> None:
    with pytest.raises(DataError, match=r"some: '7 %'; the first is in row 1 \(these are perc"):
        encode_target("y", np.array(["3", "7 %"]), "real")
