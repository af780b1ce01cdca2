"""Rows of one source are prepared as that source was."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.data.preparation.sources import SourcesPreparation
from mtl_search.errors import DataError
from tests.support.raw_rows import sources


def test_the_source_must_be_said_where_it_matters(tmp_path: Path) -> None:
    case = sources(tmp_path)
    preparation = case.data().preparation
    assert isinstance(preparation, SourcesPreparation)
    with pytest.raises(DataError, match=r"say which one the rows are from .*: one, two"):
        preparation.transform(case.raw)
    with pytest.raises(DataError, match=r"no source 'tow'; did you mean 'two'"):
        preparation.of_source("tow")
    one, two = (preparation.of_source(name).transform(case.raw) for name in ("one", "two"))
    assert abs(one.inputs["table"]).max() > 5 * abs(two.inputs["table"]).max()
    alike = SourcesPreparation(dict.fromkeys(("a", "b"), preparation.sources["one"]))
    assert len(alike.for_views({"table"}).transform(case.raw)) == len(case.raw)
    assert alike.describe() == preparation.sources["one"].describe()
