"""`mtl-search ui` with a stand-in for MLflow."""

from __future__ import annotations

import importlib.util
import socket
from dataclasses import dataclass, field
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


@dataclass
class Started:
    """What stands in for MLflow's server, and how it was started."""

    end: BaseException
    commands: list[list[str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    log: Path = Path("mlflow.log")

    def __call__(self, command: list[str], environment: dict[str, str], name: str) -> Started:
        self.commands.append(command)
        self.environment = environment
        return self

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait_until_it_answers(self, address: str) -> None:
        assert address.endswith("/health")

    def wait(self) -> None:
        raise self.end


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    started = Started(KeyboardInterrupt())
    monkeypatch.setattr(ui, "ServerProcess", started)
    monkeypatch.setattr(ui, "check_port", lambda host, port: None)
    return started


def test_one_worker_serves_the_store_until_ctrl_c_and_one_line_names_the_page(
    sweep: Path, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ui.serve(sweep, "0.0.0.0", 5001) == 0
    (command,) = started.commands
    assert f"sqlite:///{sweep.parent / 'mlflow.db'}" in command
    assert command[-6:] == ["--host", "0.0.0.0", "--port", "5001", "--workers", "1"]
    assert started.environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"demo in MLflow: http://127.0.0.1:5001/{sweep.name}/run"
    assert second == "Ctrl-C ends it; MLflow's log is mlflow.log"


def test_a_server_that_ends_by_itself_is_an_error(
    sweep: Path, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    started.end = SweepError("MLflow's server has ended")
    with pytest.raises(SweepError, match="has ended"):
        ui.serve(sweep, "127.0.0.1", 5001)


def test_a_port_that_is_taken(sweep: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SweepError, match=rf"cannot listen on 127\.0\.0\.1:{port}"):
            ui.serve(sweep, "127.0.0.1", port)


@pytest.mark.parametrize("by", ["the environment", "the config"])
def test_a_password_is_not_on_the_command_line(
    sweep: Path,
    started: Started,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    by: str,
) -> None:
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
    (command,) = started.commands
    assert "hunter-two" not in " ".join(command)
    assert "--backend-store-uri" not in command
    assert started.environment["MLFLOW_BACKEND_STORE_URI"] == uri
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
    monkeypatch.setattr(ui, "ServerProcess", pytest.fail)
    assert ui.serve(sweep, "127.0.0.1", 5000) == 0
    printed = capsys.readouterr().out
    assert printed == f"demo in MLflow: {server}/{sweep.name}/run\n"


def test_without_a_sweep_nothing_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ui, "ServerProcess", pytest.fail)
    with pytest.raises(SweepError):
        ui.serve(tmp_path / "nowhere", "127.0.0.1", 5000)


def test_a_sweep_that_is_not_recorded_has_no_pages(sweep: Path) -> None:
    off: dict[str, Any] = {"tracking.enabled": False}
    (sweep / "config.yaml").write_text(to_yaml(config(**off)))
    with pytest.raises(ConfigError, match=r"tracking\.enabled: the sweep is recorded nowhere"):
        ui.serve(sweep, "127.0.0.1", 5000)
