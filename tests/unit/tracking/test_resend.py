"""A sweep is sent from its journal alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.config import to_yaml
from mtl_search.errors import SweepError
from mtl_search.tracking import send_missing
from mtl_search.tracking.links import tracking_uri
from tests.support.mlflow_runs import Runs, runs_of, tracked
from tests.support.recorded_sweeps import Builder, config, whole


def test_replay_changes_nothing(sweep_dir: Path) -> None:
    tracker, builder = tracked(sweep_dir)
    whole(builder, trials=2, seeds=2)
    tracker.close()
    before = runs_of(tracker)
    for _ in range(2):
        assert send_missing(sweep_dir, tracker.config).unsent == 0
    after = runs_of(tracker)
    assert {r.info.run_id: r.info.status for r in after.all} == {
        r.info.run_id: r.info.status for r in before.all
    }
    for trial, metric in (("search-0001", "val/left/accuracy"), ("", "trials_ended")):
        assert after.history(trial, metric) == before.history(trial, metric)


def test_sync_restores_everything_from_the_journal_alone(sweep_dir: Path) -> None:
    (sweep_dir / "config.yaml").write_text(to_yaml(config()))
    builder = whole(Builder(sweep_dir / "journal.jsonl"), trials=2, seeds=2)  # nobody observed
    assert send_missing(sweep_dir).unsent == 0
    found = Runs(tracking_uri(config(), sweep_dir))
    assert set(found.by_trial) == {"", *builder.sweep_record.trials}
    assert len(found.history("search-0001", "val/left/accuracy")) == 3


def test_sync_needs_no_variable_that_the_sweep_needed(
    sweep_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_BUCKET", "s3://lab")
    stored = to_yaml(config(**{"resources.storage": "${LAB_BUCKET}/sweeps"}))
    assert "${LAB_BUCKET}" in stored
    (sweep_dir / "config.yaml").write_text(stored)
    Builder(sweep_dir / "journal.jsonl").sweep().trial("search", 0, 0.8)
    monkeypatch.delenv("LAB_BUCKET")
    assert send_missing(sweep_dir).unsent == 0


def test_sync_without_a_journal(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="no journal"):
        send_missing(tmp_path)
