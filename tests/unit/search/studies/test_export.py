"""The file that is exported holds the journal, trial by trial, and is never half a file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import distribution_to_json
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection

from mtl_search.config import Config, load_config
from mtl_search.errors import ConfigError, SweepError
from mtl_search.search.studies.export import export_studies
from mtl_search.search.studies.quiet import quiet_optuna
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_info import State
from mtl_search.storage.trial_record import TrialRecord
from tests.support import recorded_sweeps
from tests.support.recorded_sweeps import Builder
from tests.support.repository import REPOSITORY

FIXTURES = REPOSITORY / "tests" / "fixtures" / "sweeps"


def recorded(name: str) -> tuple[SweepRecord, Config]:
    folder = FIXTURES / name
    return read_record(folder / "journal.jsonl"), load_config(folder / "config.yaml")


def load(file: Path, name: str) -> optuna.Study:
    storage: Any = f"sqlite:///{file}"
    if file.suffix == ".log":
        storage = JournalStorage(JournalFileBackend(str(file)))
    return optuna.load_study(study_name=name, storage=storage)


@pytest.fixture(params=["study.db", "study.log"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / str(request.param)
    assert {path.name for path in tmp_path.iterdir()} <= {str(request.param)}  # nothing else


def time_of(when: datetime | None) -> float:
    assert when is not None
    return when.astimezone(timezone.utc).timestamp()


def assert_same(trial: TrialRecord, exported: optuna.trial.FrozenTrial) -> None:
    assert exported.state.name == trial.state
    has_value = trial.state in ("COMPLETE", "PRUNED")
    assert exported.values == ([trial.objective] if has_value else None)
    assert exported.intermediate_values == {e.epoch: e.best_objective for e in trial.epochs}
    drawn = trial.params_at(1)
    assert exported.params == {path: drawn[path] for path in trial.distributions}
    distributions = {
        path: json.loads(distribution_to_json(d)) for path, d in exported.distributions.items()
    }
    assert distributions == {path: json.loads(d) for path, d in trial.distributions.items()}
    assert time_of(exported.datetime_start) == pytest.approx(trial.started, abs=1e-3)
    if trial.finished:
        assert time_of(exported.datetime_complete) == pytest.approx(trial.ended, abs=1e-3)
    else:
        assert exported.datetime_complete is None
    attributes = exported.user_attrs
    assert (attributes["id"], attributes["arm"]) == (trial.id, trial.arm)
    assert (attributes["seed"], attributes["config_hash"]) == (trial.seed, trial.config_hash)
    assert attributes.get("depth") == trial.info.get("depth")
    best = trial.best.metrics if trial.best else {}
    shown = {key: value for key, value in attributes.items() if key.startswith("val/")}
    assert shown == {key: best[key] for key in shown}
    assert bool(shown) == bool(trial.epochs)
    assert {key: value for key, value in attributes.items() if key in trial.test} == trial.test


@pytest.mark.parametrize("sweep", ["v0_1_finished", "v0_1_interrupted", "v0_1_population"])
def test_every_trial_of_a_recorded_sweep_is_there(sweep: str, file: Path) -> None:
    record, config = recorded(sweep)
    names = export_studies(record, config, sweep, file)
    assert len(names) == len(set(names))
    assert {name.removeprefix(f"{sweep}/") for name in names} == {t.arm for t in record}
    compared = 0
    for name in names:
        study = load(file, name)
        assert study.direction is StudyDirection.MAXIMIZE
        trials = record.arm(name.removeprefix(f"{sweep}/"))
        assert len(study.trials) == len(trials)
        for trial, exported in zip(trials, study.trials, strict=True):
            assert_same(trial, exported)
            compared += 1
    assert compared == len(record.trials)


def test_every_state_is_there_and_study_attributes_name_the_sweep(
    file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    builder = Builder(tmp_path_factory.mktemp("sweep") / "journal.jsonl").sweep()
    states: tuple[State, ...] = ("COMPLETE", "PRUNED", "FAIL", "RUNNING")
    for number, state in enumerate(states):
        drawn = {"tasks.right.loss_weight": (1.0 + number, 0.1, 10.0)}
        trial = builder.begin("search", number, drawn=drawn)
        builder.epoch(trial, 1, 0.5, dict.fromkeys(builder.tasks, 0.5))
        if state != "RUNNING":
            builder.end(trial, state, "out of memory" if state == "FAIL" else "")
    (name,) = export_studies(builder.journal.record, recorded_sweeps.config(), "demo", file)
    study = load(file, name)
    assert [t.state.name for t in study.trials] == ["COMPLETE", "PRUNED", "FAIL", "RUNNING"]
    for record, exported in zip(builder.journal.record.arm("search"), study.trials, strict=True):
        assert_same(record, exported)
    assert study.trials[2].user_attrs["reason"] == "out of memory"
    about = {"sweep": "demo", "sweep_id": "sweep-1", "arm": "search", "budget": None}
    assert study.user_attrs == about


def test_choices_that_are_lists_come_back(file: Path) -> None:
    choices = {"choices": [[4], [8, 8], None]}
    text = json.dumps({"name": "CategoricalDistribution", "attributes": choices})
    record, config = recorded("v0_1_finished")
    for trial, chosen in zip(record.arm("search"), choices["choices"], strict=False):
        trial.params["model.backbone.widths"] = chosen
        trial.distributions["model.backbone.widths"] = text
    export_studies(record, config, "x", file)
    with quiet_optuna():  # it warns whenever it reads such choices, and reads them
        trials = load(file, "x/search").trials
    found = [trial.params["model.backbone.widths"] for trial in trials[:3]]
    assert found == [[4], [8, 8], None]


def test_numbers_that_are_missing_are_left_out(file: Path) -> None:
    record, config = recorded("v0_1_finished")
    for name in export_studies(record, config, "x", file):
        for trial in load(file, name).trials:
            values = trial.user_attrs.values()
            assert not any(value is None or value == "" for value in values)
            assert all(math.isfinite(value) for value in values if isinstance(value, float))


def test_a_file_that_exists_is_replaced_only_on_request(file: Path) -> None:
    record, config = recorded("v0_1_interrupted")
    file.write_text("mine")
    with pytest.raises(ConfigError, match=r"exists already.*--overwrite"):
        export_studies(record, config, "x", file)
    assert file.read_text() == "mine"
    assert "x/search" in export_studies(record, config, "x", file, overwrite=True)
    assert load(file, "x/search").trials


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("study.txt", r"no ending.*\.db, \.sqlite or \.sqlite3.*\.log"),
        ("study", "no ending"),
        ("nowhere/study.db", "there is no folder .*nowhere"),
        ("folder.db", "is a folder"),
    ],
)
def test_other_files_are_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(ConfigError, match=message):
        export_studies(*recorded("v0_1_interrupted"), "x", tmp_path / name, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.db"]


def test_a_sweep_without_trials_has_no_studies(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="no trial of x has begun yet"):
        export_studies(SweepRecord(), recorded_sweeps.config(), "x", tmp_path / "study.db")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_one_sentence(file: Path, monkeypatch: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mtl_search.search.studies.export._write_study", full)
    with pytest.raises(SweepError, match=r"cannot be written: .*No space left"):
        export_studies(*recorded("v0_1_interrupted"), "x", file)
    assert not file.exists()
