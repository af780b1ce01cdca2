"""Standings that are read once a trial agree with those of all trials."""

from __future__ import annotations

from pathlib import Path

from mtl_search.api.progress.standings import Standings
from mtl_search.storage.records import SweepRecord
from tests.support.recorded_sweeps import Builder, whole


def _check(standings: Standings, record: SweepRecord) -> None:
    fresh = Standings().read(record)
    standings.read(record)
    assert (standings.done, standings.begun) == (fresh.done, fresh.begun)
    assert standings.best() == fresh.best()
    assert standings.done == sum(trial.finished for trial in record)


def test_they_are_the_same_after_every_event(tmp_path: Path) -> None:
    standings = Standings()
    builder = Builder(
        tmp_path / "journal.jsonl", observers=[lambda event, record: _check(standings, record)]
    )
    whole(builder, trials=3, seeds=2)
    assert standings.best()["shared"].arm.is_shared
    assert standings.done == len(builder.sweep_record.trials)


def test_a_reference_that_changes_changes_the_best(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    first, second = builder.trial("search", 0, 0.9), builder.trial("search", 1, 0.8)
    standings = Standings()
    assert standings.read(builder.sweep_record).best()["shared"].id == first
    builder.event("judged", id=first, objectives=[(1, -0.2), (2, -0.2), (3, -0.1)])
    assert standings.read(builder.sweep_record).best()["shared"].id == second
    assert standings.done == 2
