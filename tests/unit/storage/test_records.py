"""The record of a sweep, from events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mtl_search.storage.events import DataDescribed, EnvironmentDescribed, SweepStarted
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from tests.support.recorded_sweeps import Builder, whole


def test_trials_of_an_arm_come_by_number(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    for number in (2, 0, 1):
        builder.begin("search", number)
    builder.begin("equal", 0)
    assert [trial.number for trial in builder.sweep_record.arm("search")] == [0, 1, 2]
    assert next(iter(builder.sweep_record)).id == "search-0002"


def _check_counts(record: SweepRecord) -> None:
    trials = list(record)
    assert record.ended == sum(trial.finished for trial in trials)
    for arm in {trial.arm for trial in trials}:
        mine = sorted((t for t in trials if t.arm == arm), key=lambda trial: trial.number)
        assert [trial.id for trial in record.arm(arm)] == [trial.id for trial in mine]
        assert record.count(arm) == len(mine)
        assert record.count(arm, offered=False) == sum(not trial.is_offered for trial in mine)


def test_counts_hold_after_every_event_and_in_a_copy(tmp_path: Path) -> None:
    builder = Builder(
        tmp_path / "journal.jsonl", observers=[lambda event, record: _check_counts(record)]
    )
    whole(builder, trials=2, seeds=2)
    record = builder.sweep_record
    builder.end(builder.begin("search", 2, origin="equal-0000", role="offered"))
    assert (record.count("search"), record.count("search", offered=False)) == (3, 2)
    assert (record.count("nobody"), record.arm("nobody")) == (0, [])
    few = {name: trial for name, trial in record.trials.items() if not trial.is_offered}
    copied = replace(record, trials=few)
    _check_counts(copied)
    for name in list(few):
        copied.forget(name)
        _check_counts(copied)
    assert copied.ended == len(copied.trials) == 0
    assert read_record(builder.path).ended == record.ended == len(record.trials)


def test_a_trial_that_a_caller_adds_belongs_to_its_arm(tmp_path: Path) -> None:
    record = whole(Builder(tmp_path / "journal.jsonl"), trials=1, seeds=2).sweep_record
    record.trials["search-0009"] = replace(record.trials["search-0000"], number=9)
    assert [trial.number for trial in record.arm("search")] == [0, 9]


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


def test_data_and_environment_are_those_of_the_latest_session() -> None:
    record = SweepRecord()
    assert (record.data, record.environment) == ({}, {})
    splits, targets = {"train": 3}, {"left": "class"}
    for digest, torch in (("a1", "2.8"), ("a1", "2.9"), ("b2", "2.9")):
        record.apply(SweepStarted(id="f00", name="old"))
        if record.data.get("digest") != digest:
            record.apply(DataDescribed(name="t", digest=digest, splits=splits, targets=targets))
        if record.environment.get("versions") != {"torch": torch}:
            record.apply(EnvironmentDescribed(versions={"torch": torch}, platform="Linux"))
    described = {"name": "t", "digest": "b2", "splits": splits, "targets": targets}
    assert record.data == {**described, "classes": {}}
    assert record.environment == {"versions": {"torch": "2.9"}, "platform": "Linux", "devices": {}}
    assert list(record.data_sets) == [1, 3]
    assert list(record.environments) == [1, 2]
