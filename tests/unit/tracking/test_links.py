"""Where the runs of a sweep are, and the addresses that show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.tracking import Tracker, find_addresses
from mtl_search.tracking.links import (
    about_environment,
    best_trials,
    environment_uri,
    experiment_name,
    tracking_uri,
    ui_address,
    ui_command,
)
from tests.support.mlflow_runs import Runs
from tests.support.recorded_sweeps import Builder, config


def test_compare_address(sweep_dir: Path) -> None:
    tracker = Tracker(config(), sweep_dir, flush_s=0.1)
    tracker.start()
    builder = Builder(sweep_dir / "journal.jsonl", observers=[tracker.observe])
    builder.sweep()
    trials = [
        builder.trial("search", number, 0.5 + 0.01 * number, epochs=1) for number in range(35)
    ]
    assert tracker.close() == 0
    found = Runs(tracker.uri)
    ids = [found.by_trial[trial].info.run_id for trial in reversed(trials)]
    address = find_addresses(tracker.config, sweep_dir).compare
    quoted = "%2C".join(f"%22{identity}%22" for identity in ids[:30])
    experiment = f"experiments=%5B%22{found.experiment.experiment_id}%22%5D"
    page = "http://127.0.0.1:5000/#/compare-runs"
    assert address == f"{page}?runs=%5B{quoted}%5D&{experiment}&workflowType=machine_learning"


def test_a_relative_database_is_made_absolute(tmp_path: Path) -> None:
    uri = tracking_uri(config(**{"tracking.uri": "sqlite:///runs.db?timeout=5"}), tmp_path)
    assert uri == f"sqlite:///{Path.cwd() / 'runs.db'}?timeout=5"
    assert tracking_uri(config(), tmp_path / "demo") == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_a_server_has_its_own_pages(tmp_path: Path) -> None:
    server = "https://mlflow.example"
    assert ui_command(config(**{"tracking.uri": server}), tmp_path) is None
    assert ui_address(server) == server
    assert ui_address("sqlite:////a.db") == "http://127.0.0.1:5000"


def test_the_best_trials_are_those_that_share(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    builder.trial("single/left", 0, 0.9)
    assert best_trials(builder.sweep_record, 3) == ["single-left-0000"]
    for number, value in enumerate([0.3, 0.5, 0.4]):
        builder.trial("search", number, value)
    builder.trial("equal", 0, 0.45)
    builder.finalist("search", 0, {"left": 0.9})
    assert best_trials(builder.sweep_record, 3) == ["search-0001", "equal-0000", "search-0002"]


def test_mlflows_own_variable_counts_where_the_config_names_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert tracking_uri(config(), tmp_path / "demo") == "http://mlflow:5000"
    assert environment_uri(config()) == "http://mlflow:5000"
    own = config(**{"tracking.uri": "https://mlflow.example"})
    assert tracking_uri(own, tmp_path / "demo") == "https://mlflow.example"
    assert environment_uri(own) is None
    off: dict[str, Any] = {"tracking.enabled": False}
    assert environment_uri(config(**off)) is None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///runs.db")
    assert tracking_uri(config(), tmp_path / "demo") == f"sqlite:///{Path.cwd() / 'runs.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking_uri(config(), tmp_path / "demo") == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_the_config_holds_before_the_environment_and_a_line_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = config(**{"tracking.uri": "http://me:hidden@own:1", "tracking.experiment": "mine"})
    off: dict[str, Any] = {"tracking.enabled": False}
    assert (about_environment(own), experiment_name(config())) == ("", "demo")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@mlflow:5000")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "theirs")
    assert about_environment(config()) == (
        "http://mlflow:5000, from the environment variable MLFLOW_TRACKING_URI; "
        "experiment theirs, from the environment variable MLFLOW_EXPERIMENT_NAME"
    )
    assert about_environment(own) == (
        "http://own:1, from tracking.uri, before MLFLOW_TRACKING_URI; "
        "experiment mine, from tracking.experiment, before MLFLOW_EXPERIMENT_NAME"
    )
    assert about_environment(config(**off)) == ""
    assert (experiment_name(own), experiment_name(config())) == ("mine", "theirs")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hidden@own:1")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    assert about_environment(own) == ""
