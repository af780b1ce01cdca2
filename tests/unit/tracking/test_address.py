"""The MLflow store: wrong addresses, unwritable folders, and passwords in addresses."""

from __future__ import annotations

import importlib.util
import socket
import time
from pathlib import Path

import pytest
import requests

from mtl_search.errors import ConfigError, SweepError
from mtl_search.tracking import Tracker
from mtl_search.tracking.address import (
    StoreAwayError,
    check_store,
    public,
    public_reason,
    sqlite_path,
    unreachable,
)
from tests.support.recorded_sweeps import config


@pytest.mark.parametrize("uri", ["mlruns", "file:///tmp/x", "ftp://server", "localhost:5000"])
def test_wrong_addresses(tmp_path: Path, uri: str) -> None:
    tracker = Tracker(config(**{"tracking.uri": uri}), tmp_path / "runs" / "demo")
    with pytest.raises(
        ConfigError, match=r"tracking\.uri: this is no address of an MLflow store"
    ) as raised:
        tracker.start()
    assert "sqlite:///<file>" in str(raised.value)


def test_a_wrong_address_in_the_environment_is_called_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "ftp://me:secret@server")
    tracker = Tracker(config(), tmp_path / "runs" / "demo")
    with pytest.raises(ConfigError, match="environment variable MLFLOW_TRACKING_URI") as raised:
        tracker.start()
    assert "ftp://server" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_unwritable_places_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "text.db").write_text(
        "this is no database, but it is long enough to be taken for one" * 10
    )
    for uri in (
        f"sqlite:///{tmp_path}/file/mlflow.db",
        f"sqlite:///{tmp_path}/text.db",
        f"sqlite:///{tmp_path}",
    ):
        started = time.monotonic()
        with pytest.raises(SweepError, match="cannot write the MLflow database"):
            Tracker(config(**{"tracking.uri": uri}), tmp_path / "runs" / "demo").start()
        assert time.monotonic() - started < 5


def test_a_server_that_is_not_there_is_said_before_anything_trains(tmp_path: Path) -> None:
    uri = "http://user:secret@127.0.0.1:9"
    started = time.monotonic()
    with pytest.raises(StoreAwayError, match=r"http://127.0.0.1:9 cannot be used") as raised:
        Tracker(config(**{"tracking.uri": uri}), tmp_path / "demo").start(must_answer=True)
    assert time.monotonic() - started < 10
    assert "tracking.enabled=false" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://me:secret@host:5432/db", "postgresql://host:5432/db"),
        ("http://user@host/path@x", "http://host/path@x"),
        ("sqlite:////a/b@c.db", "sqlite:////a/b@c.db"),
    ],
)
def test_no_password_is_shown(uri: str, shown: str) -> None:
    assert public(uri) == shown
    assert public_reason(RuntimeError(f"cannot reach {uri}\nmore")).count("secret") == 0


def test_an_error_without_a_message_is_called_by_its_class() -> None:
    assert public_reason(RuntimeError()) == "RuntimeError"
    assert len(public_reason(RuntimeError("x" * 1000))) == 300


def test_the_file_of_an_sqlite_uri() -> None:
    assert sqlite_path("sqlite:////a/mlflow.db?timeout=5") == Path("/a/mlflow.db")


@pytest.mark.parametrize(
    ("scheme", "package", "cure"),
    [("postgresql", "psycopg", "postgresql+psycopg2://"), ("mysql", "MySQLdb", "mysql+pymysql://")],
)
def test_a_database_without_its_driver_names_the_package(
    tmp_path: Path, scheme: str, package: str, cure: str
) -> None:
    if importlib.util.find_spec(package):
        pytest.skip(f"{package} is installed")
    # Nothing listens there: that would be no reason to refuse a sweep.
    settings = config(**{"tracking.uri": f"{scheme}://me:secret@127.0.0.1:9/db"})
    with pytest.raises(ConfigError) as raised:
        Tracker(settings, tmp_path).start()
    assert f"tracking.uri: this needs the Python package {package!r}" in str(raised.value)
    assert f"write {cure}" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_what_stays_wrong_is_no_store_that_is_away() -> None:
    for error in (
        RuntimeError("FATAL: password authentication failed"),
        RuntimeError('FATAL: database "x" does not exist'),
        PermissionError("the folder"),
        requests.exceptions.SSLError("certificate verify failed"),
        requests.exceptions.InvalidURL("no host"),
    ):
        assert not isinstance(unreachable("http://x", error), StoreAwayError), error
    wrapped = RuntimeError("API request failed")
    wrapped.__cause__ = requests.exceptions.ReadTimeout("timed out")
    for away in (
        wrapped,
        requests.exceptions.RetryError("too many 502 error responses"),
        socket.gaierror("Name or service not known"),
        RuntimeError("FATAL: the database system is starting up"),
    ):
        assert isinstance(unreachable("http://x", away), StoreAwayError), away


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql+psycopg2://me@/db?host=/tmp",
        "postgresql+psycopg2://me@%2Ftmp%2Fsocket/db",
        "postgresql+psycopg2://me@one:1,two:2/db",
    ],
)
def test_only_a_single_server_of_a_known_port_is_tried(tmp_path: Path, uri: str) -> None:
    check_store(uri, tmp_path)
