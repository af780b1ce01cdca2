"""What the journal says of a data set."""

from __future__ import annotations

from mtl_search.data.digest import data_digest
from mtl_search.search.provenance.data_set import data_difference, describe_data
from tests.support import small_sweeps as small


def test_splits_and_targets_are_those_of_the_data() -> None:
    event = describe_data(small.DATA, "table")
    assert (event.name, event.digest) == ("table", data_digest(small.DATA))
    assert event.splits == {name: len(rows) for name, rows in small.DATA.splits.items()}
    assert event.targets["size"] == "real"
    assert describe_data(small.DATA, "table", handed_over=True).name == "given in Python"


def test_a_journal_that_knows_no_data_accepts_any() -> None:
    now = describe_data(small.DATA, "table").description()
    assert data_difference({}, now) == ""
    assert data_difference(now, now) == ""
    assert "a1" in data_difference({**now, "digest": "a1"}, now)
