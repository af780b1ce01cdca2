"""The record of a sweep, from events."""

from __future__ import annotations

from pathlib import Path

from mtl_search.storage.journal import read_record
from tests.support.recorded_sweeps import Builder


def test_trials_of_an_arm_come_by_number(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    for number in (2, 0, 1):
        builder.begin("search", number)
    builder.begin("equal", 0)
    assert [trial.number for trial in builder.sweep_record.arm("search")] == [0, 1, 2]
    assert next(iter(builder.sweep_record)).id == "search-0002"


def test_a_session_that_resumes_keeps_the_sweeps_id_and_start(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep("first")
    builder.done()
    record = builder.sweep_record
    started = record.started
    assert record.complete
    builder.event("sweep", id="second", name="other", slots=3, budget={"search": 7})
    assert (record.id, record.name, record.started) == ("first", "demo", started)
    assert (record.sessions, record.slots, record.budget, record.complete) == (
        2,
        3,
        {"search": 7},
        False,
    )


def test_scales_of_the_last_session_hold(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    record = builder.sweep_record
    assert (record.scales, record.excluded_metrics) == ({}, {})
    builder.event("scales", values={"left/accuracy": [0.1, 1.0]}, excluded={"left/auroc": "why"})
    builder.event("scales", values={"left/accuracy": [0.25, 1.0]})
    for found in (builder.sweep_record, read_record(builder.path)):
        assert found.scales == {"left/accuracy": (0.25, 1.0)}
        assert found.excluded_metrics == {}
