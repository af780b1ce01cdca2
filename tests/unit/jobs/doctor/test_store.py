"""Whether MLflow answers this machine."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from mtl_search.jobs.doctor import store
from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.store import check_store
from tests.support import examinations
from tests.support.examinations import bad, config, only_bad


def _seen(folder: Path, uri: str | None = None) -> Examination:
    changes = {} if uri is None else {"tracking.uri": uri}
    seen = examinations.alone(config=config(**changes), arguments=["a.yaml"])
    return replace(seen, output=folder)


def test_a_store_that_nobody_has_made_yet_is_fine_and_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert bad(check_store, _seen(tmp_path)) == []
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_down_has_the_command_that_starts_it(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    finding = only_bad(check_store, _seen(tmp_path, f"http://127.0.0.1:{port}"))
    assert f"MLflow at http://127.0.0.1:{port} cannot be used" in finding.value
    assert f"-m mlflow server --host 127.0.0.1 --port {port} " in finding.cure


def test_a_server_that_takes_a_request_and_never_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_TIMEOUT_S", 0.5)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
        finding = only_bad(check_store, _seen(tmp_path, uri))
    assert finding.value == f"MLflow at {uri} does not answer within 0.5 s"


def test_the_variable_counts_where_the_config_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://me:secret@host")
    finding = only_bad(check_store, _seen(tmp_path))
    assert finding.status == "fail"
    assert "secret" not in finding.value + finding.cure


def test_the_cure_for_a_server_has_no_password(tmp_path: Path) -> None:
    uri = "https://me:hunter-two@127.0.0.1:1/mlflow?token=hunter-two"
    finding = only_bad(check_store, _seen(tmp_path, uri))
    assert finding.cure == "curl -sS https://127.0.0.1:1/mlflow/health"
    assert "hunter-two" not in finding.value


def test_a_database_that_cannot_be_written_can_be_elsewhere() -> None:
    finding = only_bad(check_store, _seen(Path("/proc/nowhere")))
    assert "tracking.uri=sqlite:///" in finding.cure


def test_nothing_is_opened_where_tracking_is_off(tmp_path: Path) -> None:
    seen = examinations.alone(config=config(**{"tracking.enabled": False}))
    assert bad(check_store, seen) == []
