"""Tables of trials and epochs have all that the journal knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search import Result
from mtl_search.analysis.leaderboard import leaderboard_columns
from mtl_search.analysis.tables.trials import epochs_table, trials_table
from mtl_search.storage.records import SweepRecord
from tests.support.repository import REPOSITORY

RESULT = Result(REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished")


def test_trials_have_their_settings_and_test_metrics() -> None:
    table = trials_table(RESULT.record, RESULT.config).set_index("trial", drop=False)
    assert len(table) == len(RESULT.record.trials)
    for trial in RESULT.record:
        row = table.loc[trial.id]
        for path, value in trial.overrides.items():
            assert row[path] == pytest.approx(value)
        for key, value in trial.test.items():
            assert row[key] == value
    assert table["test/left/accuracy"].notna().sum() == sum(
        "test/left/accuracy" in trial.test for trial in RESULT.record
    )
    before = leaderboard_columns(RESULT.record, RESULT.config)
    assert table.columns[: len(before)].tolist() == before
    assert table.columns.is_unique


def test_epochs_are_the_learning_curves() -> None:
    table = epochs_table(RESULT.record)
    assert len(table) == sum(len(trial.epochs) for trial in RESULT.record)
    trial = next(trial for trial in RESULT.record if trial.epochs)
    rows = table[table["trial"] == trial.id]
    assert rows["epoch"].tolist() == [epoch.epoch for epoch in trial.epochs]
    for key, value in trial.epochs[-1].metrics.items():
        assert rows.iloc[-1][key] == value


def test_a_sweep_without_trials_has_empty_tables(tmp_path: Path) -> None:
    assert epochs_table(SweepRecord()).columns.tolist() == ["trial", "arm", "epoch", "objective"]
    assert len(trials_table(SweepRecord(), RESULT.config)) == 0
