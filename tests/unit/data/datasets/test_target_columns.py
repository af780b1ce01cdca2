"""Columns of a table become targets."""

from __future__ import annotations

import pandas as pd
import pytest

from mtl_search.data.datasets.target_columns import check_target_columns, column_target
from mtl_search.data.datasets.target_spec import TargetSpec, target_specs
from mtl_search.errors import ConfigError


def test_a_positive_value_is_found_in_its_normal_form() -> None:
    frame = pd.DataFrame({"drink": ["cafe\u0301", "caf\u00e9 ", "tea", None]})
    target = column_target("y", frame, TargetSpec("binary", ("drink",), "caf\u00e9"))
    assert target.values.tolist() == [1, 1, 0, -1]


def test_a_column_that_is_not_there_is_refused_at_its_key() -> None:
    frame = pd.DataFrame({"a": [1]})
    specs = target_specs({"y": {"kind": "class", "column": "b"}}, ("class",), "column")
    with pytest.raises(ConfigError) as caught:
        check_target_columns(frame, specs)
    assert caught.value.path == "data.targets.y.column"


def test_a_class_of_minus_one_is_told_and_can_be_kept(caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"y": ["-1", "0", "1", "-1", None]})
    target = column_target("y", frame, TargetSpec("class", ("y",)))
    assert target.values.tolist() == [-1, 0, 1, -1, -1]
    assert "2 of 5 labels are -1" in caplog.text
    caplog.clear()
    (kept,) = target_specs({"y": {"kind": "class", "missing": []}}, ("class",), "column").values()
    target = column_target("y", frame, kept)
    assert (target.values.tolist(), target.classes) == ([0, 1, 2, 0, -1], ("-1", "0", "1"))
    spec = {"y": {"kind": "class", "missing": [-1, 1.0]}}
    (two,) = target_specs(spec, ("class",), "column").values()
    assert column_target("y", frame, two).classes == ("0",)
    assert not caplog.text
