"""The figures of a sweep, event by event, against those of its record."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from mtl_search.config import Config, load_config
from mtl_search.metrics.objective import delta_m
from mtl_search.search.monitoring import metrics
from mtl_search.search.monitoring.figures import Sample, SweepFigures
from mtl_search.storage.events import Event, ObjectivesRecomputed, SweepStarted
from mtl_search.storage.journal import read_events
from mtl_search.storage.records import SweepRecord
from tests.support.repository import REPOSITORY

SWEEPS = REPOSITORY / "tests" / "fixtures" / "sweeps"
Values = dict[tuple[str, str, str], float]


def _play(figures: SweepFigures, events: list[Event], values: Values, record: SweepRecord) -> None:
    for event in events:
        record.apply(event)
        for sample in figures.update(event, record):
            values[sample.metric.name, sample.arm, sample.state] = sample.value


def _config(folder: Path) -> Config:
    return load_config(folder / "config.yaml")


def _assert_agrees(values: Values, record: SweepRecord) -> None:
    """The last samples say what the record does."""
    trials = Counter((trial.arm, trial.state) for trial in record)
    seen = {
        (arm, state): number
        for (name, arm, state), number in values.items()
        if name == metrics.TRIALS.name and number
    }
    assert seen == trials
    for arm in {trial.arm for trial in record}:
        mine = record.arm(arm)
        assert values[metrics.EPOCHS.name, arm, ""] == sum(t.last_epoch for t in mine)
        best = max(trial.best_objective for trial in mine)
        if math.isfinite(best):
            assert values[metrics.BEST_OBJECTIVE.name, arm, ""] == best


@pytest.mark.parametrize("name", ["v0_1_finished", "v0_1_population"])
def test_after_the_last_event_the_figures_are_those_of_the_record(name: str) -> None:
    folder, record = SWEEPS / name, SweepRecord()
    values: Values = {}
    _play(SweepFigures(_config(folder)), read_events(folder / "journal.jsonl"), values, record)
    _assert_agrees(values, record)
    assert values[metrics.SLOTS.name, "", ""] == record.slots
    assert values[metrics.SLOTS_BUSY.name, "", ""] == 0


def test_a_resumed_session_begins_with_what_there_is() -> None:
    folder = SWEEPS / "v0_1_finished"
    events = read_events(folder / "journal.jsonl")
    whole: Values = {}
    _play(SweepFigures(_config(folder)), events, whole, SweepRecord())
    record = SweepRecord()
    later: Values = {}
    for event in events:
        record.apply(event)
    start = SweepStarted(id=record.id, name=record.name, slots=3, budget=record.budget)
    _play(SweepFigures(_config(folder)), [start], later, record)
    _assert_agrees(later, record)
    zero = {key: value for key, value in whole.items() if value}
    zero[metrics.SLOTS.name, "", ""] = 3
    assert {key: value for key, value in later.items() if value} == pytest.approx(zero)


def test_gains_are_over_the_best_single_task_networks_in_percent() -> None:
    folder = SWEEPS / "v0_1_finished"
    config, record = _config(folder), SweepRecord()
    values: Values = {}
    _play(SweepFigures(config), read_events(folder / "journal.jsonl"), values, record)
    tasks = {task: config.tasks[task].metrics or ("accuracy",) for task in config.main_tasks}
    reference: dict[str, float] = {}
    for task in tasks:
        single = [t for t in record.arm(f"single/{task}") if t.is_result]
        best = max(single, key=lambda trial: trial.best_objective).best
        assert best is not None
        reference |= {key: v for key, v in best.metrics.items() if key.startswith(f"val/{task}/")}
    shared = max(record.arm("equal"), key=lambda trial: trial.best_objective).best
    assert shared is not None
    expected = 100 * delta_m(shared.metrics, reference, tasks)
    assert values[metrics.BEST_DELTA_M.name, "equal", ""] == pytest.approx(expected)
    assert not any(key[1].startswith("single/") for key in values if "delta_m" in key[0])


def test_objectives_that_are_worked_out_anew_count_at_the_next_event() -> None:
    folder = SWEEPS / "v0_1_finished"
    events = read_events(folder / "journal.jsonl")
    figures, record = SweepFigures(_config(folder)), SweepRecord()
    values: Values = {}
    _play(figures, events, values, record)
    best = max(record.arm("equal"), key=lambda trial: trial.best_objective)
    worse = [(epoch.epoch, -1.0) for epoch in best.epochs]
    again = [event for event in events if getattr(event, "id", "") == record.arm("equal")[0].id][-1]
    _play(figures, [ObjectivesRecomputed(id=best.id, objectives=worse), again], values, record)
    expected = max(trial.best_objective for trial in record.arm("equal"))
    assert values[metrics.BEST_OBJECTIVE.name, "equal", ""] == expected


def test_a_sample_has_the_tags_of_its_metric() -> None:
    assert Sample(metrics.TRIALS, 1, "equal", "FAIL").tags("demo") == {
        "sweep": "demo", "arm": "equal", "state": "FAIL"
    }  # fmt: skip
    assert Sample(metrics.SLOTS, 2).tags("demo") == {"sweep": "demo"}


@pytest.mark.parametrize("name", ["größe", "体重", "\udcc3", "Ω\n"])
def test_tags_are_ascii_since_ray_takes_no_other(name: str) -> None:
    tags = Sample(metrics.TRIALS, 1, f"single/{name}", "FAIL").tags(name)
    assert all(tag.isascii() for tag in tags.values())


def test_names_that_differ_have_tags_that_differ() -> None:
    tags = [Sample(metrics.SLOTS, 2).tags(name)["sweep"] for name in ("größe", "grøße", "grosse")]
    assert len(set(tags)) == 3
