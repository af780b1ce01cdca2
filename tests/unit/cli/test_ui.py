"""`mtl-search ui` with a stand-in for MLflow."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mtl_search.cli import ui
from mtl_search.config import Config, to_yaml
from mtl_search.errors import ConfigError, SweepError
from mtl_search.tracking import Addresses, links
from tests.support.recorded_sweeps import Builder, config, whole


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(to_yaml(config()))
    whole(Builder(tmp_path / "journal.jsonl"), trials=1, seeds=2)
    return tmp_path


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search for runs in MLflow: the page is the server's address, or that of the config."""

    def find(settings: Config, directory: Path, address: str | None) -> Addresses:
        page = f"{address or settings.tracking.uri}/{directory.name}"
        return Addresses(view="", table="", compare=page, run=f"{page}/run")

    monkeypatch.setattr(ui, "find_addresses", find)


@pytest.mark.parametrize("interrupted", [False, True])
def test_mlflow_serves_the_store_until_ctrl_c(
    sweep: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    interrupted: bool,
) -> None:
    commands: list[list[str]] = []

    def call(command: list[str], env: dict[str, str]) -> int:
        commands.append(command)
        if interrupted:
            raise KeyboardInterrupt
        return 3

    monkeypatch.setattr(subprocess, "call", call)
    assert ui.serve(sweep, "0.0.0.0", 5001) == (0 if interrupted else 3)
    (command,) = commands
    assert f"sqlite:///{sweep.parent / 'mlflow.db'}" in command
    assert {"0.0.0.0", "5001"} <= set(command)
    printed = capsys.readouterr().out
    assert f"http://0.0.0.0:5001/{sweep.name}" in printed
    assert "Ctrl-C" in printed


@pytest.mark.parametrize("by", ["the environment", "the config"])
def test_a_password_is_not_on_the_command_line(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def call(command: list[str], env: dict[str, str]) -> int:
        started.append((command, env))
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    uri = "postgresql://me:hunter-two@db/mlflow"
    if by == "the config":
        monkeypatch.setenv("PASSWORD", "hunter-two")
        written = config(**{"tracking.uri": "postgresql://me:${PASSWORD}@db/mlflow"})
        (sweep / "config.yaml").write_text(to_yaml(written))
    else:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    pages = Addresses(view="", table="", compare="http://127.0.0.1:5000", run="")
    monkeypatch.setattr(ui, "find_addresses", lambda *_: pages)
    assert ui.serve(sweep, "127.0.0.1", 5000) == 0
    [(command, environment)] = started
    assert "hunter-two" not in " ".join(command)
    assert "--backend-store-uri" not in command
    assert environment["MLFLOW_BACKEND_STORE_URI"] == uri
    assert "hunter-two" not in capsys.readouterr().out


def test_mlflow_reads_the_variable() -> None:
    found = importlib.util.find_spec("mlflow")  # to import it takes seconds
    assert found is not None
    assert found.origin is not None
    source = (Path(found.origin).parent / "cli" / "__init__.py").read_text()
    option = f'"--backend-store-uri",\n    envvar="{links._STORE_VARIABLE}"'
    assert option in source.partition("\ndef server(")[0]


def test_a_sweep_on_a_server_has_its_address_printed_alone(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = "http://mlflow:5000"
    (sweep / "config.yaml").write_text(to_yaml(config(**{"tracking.uri": server})))
    monkeypatch.setattr(subprocess, "call", pytest.fail)
    assert ui.serve(sweep, "127.0.0.1", 5000) == 0
    printed = capsys.readouterr().out
    assert f"{server}/{sweep.name}" in printed
    assert "Starting" not in printed


def test_without_a_sweep_nothing_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "call", pytest.fail)
    with pytest.raises(SweepError):
        ui.serve(tmp_path / "nowhere", "127.0.0.1", 5000)


def test_a_sweep_that_is_not_recorded_has_no_pages(sweep: Path) -> None:
    off: dict[str, Any] = {"tracking.enabled": False}
    (sweep / "config.yaml").write_text(to_yaml(config(**off)))
    with pytest.raises(ConfigError, match=r"tracking\.enabled: the sweep is recorded nowhere"):
        ui.serve(sweep, "127.0.0.1", 5000)
