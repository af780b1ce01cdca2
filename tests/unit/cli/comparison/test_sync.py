"""`mtl-search sync` on a recorded sweep and an MLflow database."""

from __future__ import annotations

import fcntl
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mtl_search.cli import main
from mtl_search.config import to_yaml
from tests.support.recorded_sweeps import Builder, config


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "demo"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(to_yaml(config()))
    builder = Builder(folder / "journal.jsonl").sweep()
    builder.trial("search", 0, 0.8)
    builder.done()
    return folder


def sync(*arguments: str) -> int:
    """Run the command as a user does; returns its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mtl-search", "sync", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
    return int(end.value.code or 0)


def test_what_is_missing_is_sent_once(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sync(str(sweep)) == 0
    first = capsys.readouterr().out
    assert f"mlflow.db has all of {sweep} now (" in first
    assert "In MLflow, while mtl-search ui" in first
    assert sync(str(sweep)) == 0
    assert "Nothing was missing: MLflow at sqlite:///" in capsys.readouterr().out
    assert sync(str(sweep), "--format", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["complete"] is True
    assert (answer["unsent_events"], answer["requests_that_wrote"]) == (0, 0)


def test_a_store_that_cannot_be_reached(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    away = config(**{"tracking.uri": "http://127.0.0.1:9"})
    (sweep / "config.yaml").write_text(to_yaml(away))
    assert sync(str(sweep)) == 1
    assert (
        "MLflow at http://127.0.0.1:9 cannot be used: Connection refused" in capsys.readouterr().err
    )


def test_a_sweep_that_is_not_recorded(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    off: dict[str, Any] = {"tracking.enabled": False}
    (sweep / "config.yaml").write_text(to_yaml(config(**off)))
    assert sync(str(sweep)) == 2
    error = capsys.readouterr().err
    assert "tracking.enabled: the sweep is recorded nowhere" in error
    assert f"set it to true in {sweep / 'config.yaml'}" in error
    assert not (sweep.parent / "mlflow.db").exists()


def test_a_password_that_the_environment_lacks(
    sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sweep.parents[1])
    text = to_yaml(config(**{"tracking.uri": "http://me:secret@127.0.0.1:9"}))
    Path("demo.yaml").write_text(text.replace("***", "${NOBODYS_PASSWORD}"))
    assert sync("demo.yaml") == 2
    assert "tracking.uri: the environment variable NOBODYS_PASSWORD is not set" in (
        capsys.readouterr().err
    )


def test_wrong_arguments(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sync(str(sweep), "--format", "xml") == 2
    assert "--format" in capsys.readouterr().err
    assert sync(str(sweep / "nowhere")) == 2


def test_a_sweep_that_runs_is_left_alone(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (sweep / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert sync(str(sweep)) == 1
    assert "another process is running the sweep" in capsys.readouterr().err
    assert not (sweep.parent / "mlflow.db").exists()
