"""A real `mlflow server` on PostgreSQL that can be stopped and started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid():
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@contextmanager
def database() -> Iterator[str]:
    """A PostgreSQL on a port of its own; yields the address of its database."""
    # Not in a folder of pytest's, which other users cannot enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not os.getuid():
            shutil.chown(folder, "postgres")
        begin, port = _as_postgres(), free_port()
        make = ["initdb", "-D", str(folder / "data"), "--auth=trust", "--username=mlflow", "-N"]
        subprocess.run([*begin, *make], check=True, capture_output=True, cwd="/")
        listen = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(folder)]
        serve = [*begin, "postgres", "-D", str(folder / "data"), "-F", *listen]
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(serve, cwd="/", stdout=quiet, stderr=quiet)
        address = f"postgresql://mlflow@127.0.0.1:{port}/postgres"
        try:
            _wait(lambda: psycopg2.connect(address).close(), psycopg2.OperationalError)
            yield address
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown
            server.wait(30)


def query(address: str, question: str) -> list[tuple[Any, ...]]:
    """What the database answers."""
    connection = psycopg2.connect(address)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return list(cursor.fetchall())
    finally:
        connection.close()


class MlflowServer:
    """MLflow on a database.

    Args:
        store: Address of the database.
        folder: Where artifacts and the log are kept.
    """

    def __init__(self, store: str, folder: Path) -> None:
        self.port = free_port()
        self._store = store.replace("postgresql://", "postgresql+psycopg2://")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", self._store]
        command += ["--artifacts-destination", str(self._folder / "artifacts"), "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=environment,
                start_new_session=True,
            )
        try:
            _wait(lambda: urllib.request.urlopen(f"{self.url}/health", timeout=1).close(), OSError)
        except AssertionError:
            self.stop()
            raise

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, 15)
            self._process.wait(60)
            self._process = None


def _wait(attempt: Callable[[], Any], error: type[Exception], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not _succeeds(attempt, error):
        assert time.monotonic() < end, "it did not start in time"
        time.sleep(0.2)


def _succeeds(attempt: Callable[[], Any], error: type[Exception]) -> bool:
    try:
        attempt()
    except error:
        return False
    return True
