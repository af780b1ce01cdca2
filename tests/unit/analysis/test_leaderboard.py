"""The leaderboard: one row a trial, with the columns that it promises."""

from __future__ import annotations

import pytest

from mtl_search.analysis.leaderboard import leaderboard_columns, leaderboard_rows
from mtl_search.config import load_config
from mtl_search.storage.journal import read_record
from tests.support.repository import REPOSITORY

SWEEPS = REPOSITORY / "tests" / "fixtures" / "sweeps"


@pytest.mark.parametrize("name", ["v0_1_finished", "v0_1_population"])
def test_rows_have_the_columns_in_their_order(name: str) -> None:
    config = load_config(SWEEPS / name / "config.yaml")
    record = read_record(SWEEPS / name / "journal.jsonl")
    columns = leaderboard_columns(record, config)
    rows = leaderboard_rows(record, config)
    assert {row["trial"] for row in rows} == set(record.trials)
    assert [list(row) for row in rows] == [columns] * len(rows)
