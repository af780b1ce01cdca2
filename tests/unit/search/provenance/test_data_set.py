"""What the journal says of a data set, and that a sweep goes on with no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtl_search.data.digest import data_digest
from mtl_search.errors import SweepError
from mtl_search.search.provenance.data_set import check_same_data, describe_data
from mtl_search.storage.records import SweepRecord
from tests.support import small_sweeps as small

HERE = Path("runs/demo")


def known(*, handed_over: bool = False) -> SweepRecord:
    """A sweep that has begun with the data of the tests."""
    before = describe_data(small.DATA, "table", handed_over=handed_over).description()
    parts = ("data",) if handed_over else ()
    return SweepRecord(id="ab12", data_sets={1: before}, handed_over=parts)


def test_splits_and_targets_are_those_of_the_data() -> None:
    event = describe_data(small.DATA, "table")
    assert (event.name, event.digest) == ("table", data_digest(small.DATA))
    assert event.splits == {name: len(rows) for name, rows in small.DATA.splits.items()}
    assert event.targets["size"] == "real"
    assert describe_data(small.DATA, "table", handed_over=True).name == "given in Python"


def test_the_same_data_are_accepted_by_any_name() -> None:
    now = describe_data(small.DATA, "table")
    check_same_data(known(), now, HERE)
    check_same_data(known(handed_over=True), now, HERE)  # the config has the same table


def test_a_journal_that_knows_no_data_accepts_any_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = describe_data(small.DATA, "table")
    check_same_data(SweepRecord(), now, HERE)  # a new sweep
    assert caplog.messages == []
    check_same_data(SweepRecord(id="ab12"), now, HERE)
    assert len(caplog.messages) == 1
    assert "runs/demo has no digest of its data" in caplog.messages[0]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"digest": "b2"}, r"values differ \(their digest was .* and is b2\)"),
        ({"splits": {"train": 9}}, "the split 'train' was 20 and is 9"),
        ({"targets": {"size": "class"}}, "the target 'kind' was 'class' and is not there"),
        ({"name": "arrays"}, "the data set was 'table' and is 'arrays'"),
    ],
)
def test_other_data_are_refused_with_what_differs(change: dict[str, object], named: str) -> None:
    fields: dict[str, Any] = {"digest": "c3", **change}
    now = replace(describe_data(small.DATA, "table"), **fields)
    with pytest.raises(SweepError, match=f"runs/demo began with: {named}.*start a new sweep"):
        check_same_data(known(), now, HERE)


def test_data_given_in_python_are_asked_for_again() -> None:
    now = replace(describe_data(small.DATA, "table"), digest="b2")
    with pytest.raises(SweepError, match=r"given in Python.*resume=True, data=data\)$"):
        check_same_data(known(handed_over=True), now, HERE)
